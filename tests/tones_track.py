"""A track of tones, steered and written as stages/steer.py does it, in processes that can be killed at any step.

As a program it takes a folder that `prepare` has made and `Options` in JSON.
"""

import json
import os
import re
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
from numpy.typing import NDArray
from torch import Tensor

from small_problems import BandTagger, method_of, settings, small_vqvae
from stemsteer.errors import told_in_log
from stemsteer.files import write_json
from stemsteer.generators.jukebox.codec import JukeboxCodec
from stemsteer.settings.run import RunSettings
from stemsteer.sound.scaled_signal import MonoSignal
from stemsteer.stages.steer import Estimate, steer
from stemsteer.steering.track import CarriedOut, TrackSteering

SOURCES = ("low", "high")
# What the file says: chunks are then shorter in samples, and steered faster, than at 44.1 kHz.
RATE = 8000
SECONDS = 3.0
CHUNKS = 3
STEPS = 10


def track_settings(**changes: Any) -> RunSettings:
    """With which a track of `SECONDS` has `CHUNKS` chunks."""
    return settings(**{"steps": STEPS, "chunk_seconds": 1.2, "overlap_seconds": 0.2, "fft_sizes": [512], **changes})


def tones_that_change(seconds: float = SECONDS, rate: int = RATE) -> NDArray[np.float32]:
    """A low tone that fades out and a high one that fades in, peak below 1: `[samples]`."""
    time = np.arange(round(seconds * rate)) / 44100
    fade = np.linspace(0, 1, len(time))
    low, high = (np.sin(2 * np.pi * frequency * time) for frequency in (300, 4000))
    return (0.3 * (1.2 - fade) * low + 0.3 * (0.2 + fade) * high).astype(np.float32)


def prepare(folder: Path, audio: NDArray[np.float32] | None = None, rate: int = RATE) -> Path:
    """A folder with a track of that signal in it, and no results yet."""
    folder.mkdir(parents=True, exist_ok=True)
    soundfile.write(folder / "mono.wav", tones_that_change() if audio is None else audio, rate, subtype="FLOAT")
    write_json(folder / "codes.json", {"snr_db": 10.0})
    return folder


class CountedGenerator(JukeboxCodec):
    """A small one; `on_decode` hears how many excerpts are to be decoded at once, before they are."""

    sample_rate = RATE

    def __init__(self, codebook: str, on_decode: Callable[[int], None] = lambda _: None) -> None:
        super().__init__(small_vqvae(), fingerprint="small", licence="")
        self.codebook = codebook
        self.on_decode = on_decode

    def decode(self, quantised: Tensor) -> Tensor:
        self.on_decode(len(quantised))
        return super().decode(quantised)


@dataclass(frozen=True)
class Job:
    """A track to be steered, as a job does it.

    Attributes:
        track: with its method.
        sources: that it is steered to.
        carried_out: how.
    """

    track: TrackSteering
    sources: Sequence[str]
    carried_out: CarriedOut

    def key(self, source: str) -> str:
        """Of all that decides the estimate of a source."""
        return self.track.key(source, self.sources)


def job_of(
    folder: Path,
    changes: RunSettings | None = None,
    on_decode: Callable[[int], None] = lambda _: None,
    sources: Sequence[str] = SOURCES,
    batch: int = 1,
    checkpoint_seconds: float = 60,
    run: str = "run",
    name: str = "track",
    workers: int = 1,
) -> Job:
    """Of the track in a folder."""
    changes = changes or track_settings()
    method = method_of(changes, [BandTagger()], CountedGenerator(changes.generator.codebook, on_decode))
    track = TrackSteering(run, name, MonoSignal(folder / "mono.wav"), method)
    carried_out = CarriedOut(batch, folder / "checkpoints", folder / "answers", checkpoint_seconds, workers)
    return Job(track, sources, carried_out)


def carry_out(job: Job, folder: Path) -> None:
    """Steer to all sources and write their outputs into the folder."""
    suffixes = (".wav", ".history.tsv", ".json")
    estimates = {source: Estimate(*(folder / f"{source}{suffix}" for suffix in suffixes)) for source in job.sources}
    steer(job.track, estimates, job.carried_out, folder / "codes.json")


def results(folder: Path) -> dict[str, bytes]:
    """The estimates and histories in a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name.endswith((".tsv", *ESTIMATES))}


ESTIMATES = tuple(f"{source}.wav" for source in SOURCES)


class Decoded:
    """Counts the excerpts decoded, over all processes that work in a folder: one for every step, and one at the end.

    Before the `last` of them is decoded in this process, it sends itself the signal `number`.
    """

    def __init__(self, folder: Path, last: int | None = None, number: int = signal.SIGTERM) -> None:
        self.path, self.last, self.number = folder / "decoded", last, number
        self.here = 0

    def __call__(self, excerpts: int) -> None:
        with self.path.open("ab") as file:
            file.write(bytes(excerpts))
        self.here += excerpts
        if self.here == self.last:
            os.kill(os.getpid(), self.number)

    @property
    def total(self) -> int:
        return self.path.stat().st_size


@dataclass
class Options:
    """What the program does; as for `job_of` and `Decoded`."""

    changes: dict[str, Any] = field(default_factory=dict)
    sources: Sequence[str] = SOURCES
    checkpoint_seconds: float = 60
    last: int | None = None
    number: int = signal.SIGTERM

    def as_json(self) -> str:
        return json.dumps(asdict(self))


def main(folder: Path, options: Options) -> None:
    torch.set_num_threads(1)
    counted = Decoded(folder, options.last, options.number)
    changes = track_settings(**options.changes)
    with told_in_log(folder / "log"):
        job = job_of(folder, changes, counted, options.sources, checkpoint_seconds=options.checkpoint_seconds)
        carry_out(job, folder)


def memory(kind: str) -> int:
    """Of this process, in bytes (Linux): `VmRSS` now, or `VmHWM`, the most so far.

    What getrusage tells may be that of the process that started this one.
    """
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return 1024 * int(re.search(rf"^{kind}:\s+(\d+) kB$", status, re.MULTILINE)[1])


if __name__ == "__main__":
    main(Path(sys.argv[1]), Options(**json.loads(sys.argv[2])))
