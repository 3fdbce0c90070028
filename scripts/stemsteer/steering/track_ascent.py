"""The ascents of a whole track: chunk by chunk, each steered on its own, joined without clicks, and resumable."""

import hashlib
import logging
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from tqdm import tqdm

from stemsteer import METHOD_VERSION
from stemsteer.devices import describe, out_of_memory
from stemsteer.errors import UserError
from stemsteer.generators.base import Generator
from stemsteer.settings.run import RunSettings
from stemsteer.sound.audio import SILENCE_PEAK, Signal
from stemsteer.sound.chunks import Chunk, OverlapAdd, plan_seconds
from stemsteer.sound.mono_signal import MonoSignal
from stemsteer.steering.ascent import Ascent, Listener, Moment, Steering, chunk_seed
from stemsteer.steering.checkpoints import key_of, read_checkpoint, write_checkpoint
from stemsteer.steering.interruption import Interrupted, Interruption, interruption_noticed
from stemsteer.taggers.base import Tagger


@dataclass(frozen=True)
class Excerpt:
    """A chunk to be steered towards a source."""

    source: str
    chunk: Chunk
    seed: int

    @property
    def name(self) -> str:
        """In messages."""
        return f"{self.source}.{self.chunk.index}"


@dataclass
class Outcome:
    """An excerpt's steered audio `[samples]` at the level of the model signal, and how it came about."""

    audio: Signal
    history: list[Moment]
    seconds: float = 0.0
    resumed_at: int = 0


class TrackAscent:
    """All ascents of one track towards some sources.

    Args:
        run: its name.
        track: its name.
        sources: to steer towards.
        generator: whose latents are steered.
        taggers: that listen.
        settings: of the run.
        batch: excerpts to be steered at once.
        checkpoints: folder of the track's checkpoints in this run.
        checkpoint_seconds: between two checkpoints of an ascent.
    """

    def __init__(
        self,
        run: str,
        track: str,
        sources: Sequence[str],
        generator: Generator,
        taggers: Sequence[Tagger],
        settings: RunSettings,
        batch: int,
        checkpoints: Path,
        checkpoint_seconds: float,
    ) -> None:
        self.run, self.track, self.sources = run, track, sources
        self.generator, self.settings = generator, settings
        self.device = next(generator.buffers()).device
        self.taggers = [tagger.to(self.device) for tagger in taggers]
        self.tags = {source: {tagger.name: tagger.labels.find(source) for tagger in taggers} for source in sources}
        self.batch = batch
        self.checkpoints, self.checkpoint_seconds = checkpoints, checkpoint_seconds
        self.outcomes: dict[str, list[tuple[Excerpt, Outcome]]] = {source: [] for source in sources}
        self.interruption = Interruption()

    def chunks(self, signal: MonoSignal) -> list[Chunk]:
        """The chunks of a track, each an ascent of its own."""
        return plan_seconds(
            signal.samples, signal.rate, self.settings.steering.chunk_seconds, self.settings.steering.overlap_seconds
        )

    def steer(self, signal: MonoSignal) -> Iterator[tuple[str, Signal]]:
        """The steered track for each source, a piece at a time, at the level of the file: pairs of source and piece.

        Raises:
            Interrupted: the process was asked to stop.
            UserError: the memory does not hold a single chunk, or an ascent has come to nothing.
        """
        chunks = self.chunks(signal)
        joined = {source: OverlapAdd(chunks) for source in self.sources}
        total = len(chunks) * len(self.sources) * self.settings.steering.steps
        bar = tqdm(total=total, desc=f"{self.run} {self.track}", unit="step", mininterval=1)
        with interruption_noticed() as self.interruption, bar as progress:
            for excerpt, outcome in self._outcomes(signal, chunks, progress):
                self.outcomes[excerpt.source].append((excerpt, _without_audio(outcome)))
                piece = joined[excerpt.source].add(excerpt.chunk.index, outcome.audio / np.float32(signal.gain))
                yield excerpt.source, piece

    def key(self, source: str, signal: MonoSignal) -> str:
        """Of all that decides what comes out of the ascents towards a source; hexadecimal."""
        digest = hashlib.sha256(key_of({"samples": signal.samples, "gain": signal.gain}))
        for chunk in self.chunks(signal):
            digest.update(self._key(self._excerpt(source, chunk), signal.read(chunk.start, chunk.stop)))
        return digest.hexdigest()

    def _outcomes(
        self, signal: MonoSignal, chunks: Sequence[Chunk], progress: "tqdm[Any]"
    ) -> Iterator[tuple[Excerpt, Outcome]]:
        """All excerpts in the order of the chunks, steered as many at a time as the memory holds."""
        waiting = [self._excerpt(source, chunk) for chunk in chunks for source in self.sources]
        while waiting:
            batch = waiting[: self.batch]
            position = progress.n
            try:
                outcomes = self._steer_batch(signal, batch, progress)
            except (RuntimeError, MemoryError) as error:
                if not out_of_memory(error):
                    raise
                self._take_less_memory(len(batch), error)
                progress.update(position - progress.n)
                continue
            yield from zip(batch, outcomes, strict=True)
            waiting = waiting[len(batch) :]

    def _take_less_memory(self, tried: int, error: Exception) -> None:
        if tried == 1:
            raise UserError(
                f"{self.device} has not enough memory for one chunk of {self.settings.steering.chunk_seconds:g} s: "
                "lower chunk_seconds, or the number of taggers or FFT sizes"
            ) from error
        self.batch = tried // 2
        logging.warning("warning: out of memory; going on with %d excerpts at once", self.batch)

    def _excerpt(self, source: str, chunk: Chunk) -> Excerpt:
        return Excerpt(
            source, chunk, chunk_seed(self.settings.steering.seed, self.run, self.track, source, chunk.index)
        )

    def _steer_batch(self, signal: MonoSignal, batch: Sequence[Excerpt], progress: "tqdm[Any]") -> list[Outcome]:
        """The outcomes of some excerpts; those that were finished before an interruption are read."""
        mixtures = [signal.read(excerpt.chunk.start, excerpt.chunk.stop) for excerpt in batch]
        keys = [self._key(excerpt, mixture) for excerpt, mixture in zip(batch, mixtures, strict=True)]
        outcomes = [self._known_outcome(*known) for known in zip(batch, mixtures, keys, strict=True)]
        new = [index for index, outcome in enumerate(outcomes) if outcome is None]
        progress.update(self.settings.steering.steps * (len(batch) - len(new)))
        if new:
            steered = self._ascend(
                [batch[i] for i in new], [mixtures[i] for i in new], [keys[i] for i in new], progress
            )
            for index, outcome in zip(new, steered, strict=True):
                outcomes[index] = outcome
        return [outcome for outcome in outcomes if outcome is not None]

    def _key(self, excerpt: Excerpt, mixture: Signal) -> bytes:
        """Of all that decides what comes out of an excerpt's ascent."""
        return key_of(
            {
                "method": METHOD_VERSION,
                "settings": self.settings.estimate_settings(),
                "generator": self.generator.fingerprint,
                "hop": self.generator.hop,
                "taggers": [
                    [tagger.fingerprint, tagger.labels.names, self.tags[excerpt.source][tagger.name]]
                    for tagger in self.taggers
                ],
                "seed": excerpt.seed,
                "mixture": hashlib.sha256(mixture.tobytes()).hexdigest(),
                "device": self.device.type,
                "torch": torch.__version__,
            }
        )

    def _known_outcome(self, excerpt: Excerpt, mixture: Signal, key: bytes) -> Outcome | None:
        if np.abs(mixture).max() <= SILENCE_PEAK:
            # Nothing is there to be steered, and a tagger's opinion on silence is worth no step.
            return Outcome(np.zeros_like(mixture), [])
        saved = read_checkpoint(self._checkpoint(excerpt, "finished"), key, torch.device("cpu"))
        if saved is None:
            return None
        history = [Moment(**moment) for moment in saved["history"]]
        return Outcome(saved["audio"].numpy(), history, saved["seconds"], resumed_at=history[-1].step)

    def _ascend(
        self, batch: Sequence[Excerpt], mixtures: Sequence[Signal], keys: Sequence[bytes], progress: "tqdm[Any]"
    ) -> list[Outcome]:
        ascent = Ascent(self._steering(batch, mixtures), self.settings)
        running = self._checkpoint(batch[0], "running")
        key_of_batch = b"".join(keys)
        seconds = 0.0
        if saved := read_checkpoint(running, key_of_batch, self.device):
            ascent.restore(saved["ascent"])
            seconds = saved["seconds"]
            logging.info("going on from step %d of %s", ascent.step, ", ".join(excerpt.name for excerpt in batch))
        resumed_at = ascent.step
        progress.update(resumed_at * len(batch))
        started = last_saved = time.monotonic()
        while not ascent.done:
            ascent.advance()
            progress.update(len(batch))
            now = time.monotonic()
            if self.interruption.signal or now - last_saved > self.checkpoint_seconds:
                content = {"ascent": ascent.state(), "seconds": seconds + now - started}
                write_checkpoint(running, key_of_batch, content)
                last_saved = now
            if self.interruption.signal:
                raise Interrupted(
                    f"stopped by {self.interruption.signal} after step {ascent.step} of "
                    f"{self.settings.steering.steps} of {', '.join(excerpt.name for excerpt in batch)}; what was "
                    "computed is kept, and the next run goes on from there"
                )
        progress.update((self.settings.steering.steps - ascent.step) * len(batch))
        steered = ascent.finish()
        seconds = (seconds + time.monotonic() - started) / len(batch)
        outcomes = [Outcome(s.audio.cpu().numpy(), s.history, seconds, resumed_at) for s in steered]
        for excerpt, key, outcome in zip(batch, keys, outcomes, strict=True):
            self._put_away(excerpt, key, outcome)
        running.unlink(missing_ok=True)
        return outcomes

    def _steering(self, batch: Sequence[Excerpt], mixtures: Sequence[Signal]) -> Steering:
        rate = self.generator.sample_rate
        listeners = [
            Listener(tagger, [self.tags[excerpt.source][tagger.name] for excerpt in batch], rate, self.settings)
            for tagger in self.taggers
        ]
        return Steering(
            torch.from_numpy(np.stack(mixtures)).to(self.device),
            self.generator,
            [listener.to(self.device) for listener in listeners],
            self.settings,
            [excerpt.seed for excerpt in batch],
        )

    def _put_away(self, excerpt: Excerpt, key: bytes, outcome: Outcome) -> None:
        first, kept = outcome.history[0], self._kept(outcome.history)
        logging.info(
            "%s: loss %.4f -> %.4f, tag probability %.4f -> %.4f in %.1f s",
            *(excerpt.name, first.loss, kept.loss, first.target_probability, kept.target_probability, outcome.seconds),
        )
        content = {
            "audio": torch.from_numpy(outcome.audio),
            "history": [asdict(moment) for moment in outcome.history],
            "seconds": outcome.seconds,
        }
        write_checkpoint(self._checkpoint(excerpt, "finished"), key, content)

    def _kept(self, history: Sequence[Moment]) -> Moment:
        """The moment whose signal is the estimate."""
        return min(history, key=lambda moment: moment.loss) if self.settings.steering.keep == "best" else history[-1]

    def _checkpoint(self, excerpt: Excerpt, stage: str) -> Path:
        return self.checkpoints / excerpt.source / f"{excerpt.chunk.index}.{stage}"

    def remove_checkpoints(self) -> None:
        """For when the outputs are complete. Those of other settings go too, and what a killed job left half-made."""
        for source in self.outcomes:
            shutil.rmtree(self.checkpoints / source, ignore_errors=True)

    def history(self, source: str) -> pd.DataFrame:
        """Loss and tag probability of every chunk at every step."""
        moments = [
            {"chunk": excerpt.chunk.index, **asdict(moment)}
            for excerpt, outcome in self.outcomes[source]
            for moment in outcome.history
        ]
        return pd.DataFrame(moments, columns=["chunk", "step", "loss", "target_probability"])

    def record(self, source: str) -> dict[str, Any]:
        """What made the estimate of a source."""
        records = [self._chunk_record(*chunk) for chunk in self.outcomes[source] if chunk[1].history]
        means = pd.DataFrame(records).filter(regex="_before|_after").mean()
        steps = sum(record["steps"] for record in records)
        seconds = sum(record["seconds"] for record in records)
        return {
            "settings": self.settings.estimate_settings(),
            "generator_sha256": self.generator.fingerprint,
            "generator_licence": self.generator.licence,
            "taggers": {
                tagger.name: {
                    "sha256": tagger.fingerprint,
                    "licence": tagger.licence,
                    "tags": [tagger.labels.names[index] for index in self.tags[source][tagger.name]],
                }
                for tagger in self.taggers
            },
            "device": describe(self.device),
            # On other devices sums are taken in an order that differs from run to run.
            "repeats_to_the_byte": self.device.type == "cpu",
            "threads": torch.get_num_threads(),
            "steps_per_second": steps / seconds if seconds else None,
            **{str(name): mean for name, mean in means.items()},
            "chunks": records,
        }

    def _chunk_record(self, excerpt: Excerpt, outcome: Outcome) -> dict[str, Any]:
        first, kept = outcome.history[0], self._kept(outcome.history)
        return {
            "chunk": excerpt.chunk.index,
            "start": excerpt.chunk.start,
            "stop": excerpt.chunk.stop,
            "seed": excerpt.seed,
            "steps": outcome.history[-1].step,
            "resumed_at": outcome.resumed_at,
            "loss_before": first.loss,
            "loss_after": kept.loss,
            "target_probability_before": first.target_probability,
            "target_probability_after": kept.target_probability,
            "seconds": outcome.seconds,
        }


def _without_audio(outcome: Outcome) -> Outcome:
    return Outcome(np.zeros(0, np.float32), outcome.history, outcome.seconds, outcome.resumed_at)
