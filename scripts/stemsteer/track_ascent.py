"""The ascents of a whole track: chunk by chunk, each steered on its own, joined without clicks."""

import logging
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import torch
from tqdm import tqdm

from stemsteer.ascent import Ascended, Listener, Moment, Steering, ascend, chunk_seed
from stemsteer.audio import SILENCE_PEAK, Signal
from stemsteer.chunks import Chunk, OverlapAdd, plan
from stemsteer.config import RunSettings
from stemsteer.devices import describe
from stemsteer.generators import Generator
from stemsteer.model_signal import ModelSignal
from stemsteer.taggers import Tagger
from stemsteer.vocabularies import find_tags


class TrackAscent:
    """All ascents of one track towards one source."""

    def __init__(
        self, name: tuple[str, str, str], generator: Generator, taggers: list[Tagger], settings: RunSettings
    ) -> None:
        """`name` is that of the run, the track and the source."""
        self.name = name
        self.generator = generator
        self.settings = settings
        self.device = next(generator.buffers()).device
        self.listeners = [
            Listener(tagger, find_tags(tagger.vocabulary, [name[2]]), generator.sample_rate, settings).to(self.device)
            for tagger in taggers
        ]
        self.chunk_records: list[dict[str, Any]] = []
        self.moments: list[dict[str, float]] = []

    def chunks(self, signal: ModelSignal) -> list[Chunk]:
        """The chunks of a track, each an ascent of its own."""
        seconds = self.settings.chunk_seconds, self.settings.overlap_seconds
        longest, overlap = (round(s * signal.rate) for s in seconds)
        return plan(signal.samples, longest, overlap)

    def steer(self, signal: ModelSignal) -> Iterator[Signal]:
        """The steered track, a piece at a time, at the level of the file."""
        chunks = self.chunks(signal)
        joined = OverlapAdd(chunks)
        progress = tqdm(total=len(chunks) * self.settings.steps, desc=" ".join(self.name), unit="step", mininterval=1)
        for chunk in chunks:
            steered = self._steer_chunk(signal, chunk, progress)
            yield joined.add(chunk.index, steered / np.float32(signal.gain))
        progress.close()

    def _steer_chunk(self, signal: ModelSignal, chunk: Chunk, progress: "tqdm[Any]") -> Signal:
        audio = signal.read(chunk.start, chunk.stop)
        if np.abs(audio).max() <= SILENCE_PEAK:
            # Nothing is there to be steered, and a tagger's opinion on silence is worth no step.
            progress.update(self.settings.steps)
            return np.zeros_like(audio)
        seed = chunk_seed(self.settings.seed, *self.name, chunk.index)
        mixture = torch.from_numpy(audio).to(self.device)[None]
        steering = Steering(mixture, self.generator, self.listeners, self.settings, seed)

        def show(moment: Moment) -> None:
            progress.set_postfix(loss=f"{moment.loss:.4f}", tags=f"{moment.target_probability:.3f}", refresh=False)
            progress.update()

        started = time.monotonic()
        ascended = ascend(steering, self.settings, on_step=show)
        self._remember(chunk, seed, ascended, time.monotonic() - started)
        return ascended.audio.cpu().numpy()

    def _remember(self, chunk: Chunk, seed: int, ascended: Ascended, seconds: float) -> None:
        first, last = ascended.history[0], ascended.history[-1]
        self.chunk_records.append(
            {
                "chunk": chunk.index,
                "start": chunk.start,
                "stop": chunk.stop,
                "seed": seed,
                "loss_before": first.loss,
                "loss_after": last.loss,
                "target_probability_before": first.target_probability,
                "target_probability_after": last.target_probability,
                "seconds": seconds,
            }
        )
        self.moments += [{"chunk": chunk.index, **vars(moment)} for moment in ascended.history]
        logging.info(
            "chunk %d: loss %.4f -> %.4f, tag probability %.4f -> %.4f in %.1f s",
            *(chunk.index, first.loss, last.loss, first.target_probability, last.target_probability, seconds),
        )

    def record(self) -> dict[str, Any]:
        """What made this estimate."""
        chunks = pd.DataFrame(self.chunk_records)
        means = {str(name): mean for name, mean in chunks.filter(regex="_before|_after").mean().items()}
        return {
            "settings": self.settings.model_dump(),
            "generator_sha256": self.generator.fingerprint,
            "generator_licence": self.generator.licence,
            "taggers": {
                listener.tagger.name: {
                    "sha256": listener.tagger.fingerprint,
                    "licence": listener.tagger.licence,
                    "tags": [listener.tagger.vocabulary.tags[index] for index in listener.tags],
                }
                for listener in self.listeners
            },
            "device": describe(self.device),
            "threads": torch.get_num_threads(),
            "steps_per_second": self._steps_per_second(),
            **means,
            "chunks": self.chunk_records,
        }

    def _steps_per_second(self) -> float | None:
        seconds = sum(record["seconds"] for record in self.chunk_records)
        return len(self.chunk_records) * self.settings.steps / seconds if seconds else None
