"""A stereo track of a low and a high sound, taken apart and shared out as in the default run, with a toy tagger."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from torch import Tensor

from small_problems import BandTagger
from stemsteer.generators.components.components import make_components
from stemsteer.generators.settings import ComponentsSettings
from stemsteer.masking.settings import NoMask
from stemsteer.sound.audio import Signal
from stemsteer.sound.scaled_signal import WholeSignal
from stemsteer.steering.method import Method, MethodSettings
from stemsteer.steering.settings import PerturbationSettings
from stemsteer.steering.track import CarriedOut, TrackSteering
from stemsteer.taggers.settings import ListeningSettings
from tones_track import Job

RATE = 24_000
SOURCES = ("low", "high")
SUBSETS = 24


class CountedTagger(BandTagger):
    """Counts what it is asked about.

    Attributes:
        asked: the signals that it has heard.
    """

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def logits(self, audio: Tensor, windows: Any = "cover") -> Tensor:
        self.asked += len(audio)
        return super().logits(audio, windows)


def low_and_high(seconds: float = 2.0) -> dict[str, Signal]:
    """Two sources `[samples, 2]`: notes of 500 and 700 Hz, and noise between 3 and 5 kHz, that come and go."""
    time = np.arange(round(seconds * RATE)) / RATE
    notes = sum((1 - np.cos(np.pi * per_second * time)) * np.sin(2 * np.pi * f * time) for per_second, f in _NOTES)
    spectrum = np.fft.rfft(np.random.default_rng(5).standard_normal(len(time)))
    frequencies = np.fft.rfftfreq(len(time), 1 / RATE)
    band = np.fft.irfft(spectrum * ((frequencies > 3000) & (frequencies < 5000)), len(time))
    high = band * (1 - np.cos(np.pi * 3.3 * time)) / band.std()
    low, high = (0.1 * source[:, None] * np.array(place) for source, place in ((notes, (1, 0.7)), (high, (0.6, 1))))
    return {"low": low.astype(np.float32), "high": high.astype(np.float32)}


_NOTES = ((2.0, 500), (1.4, 700))
"""How often in two seconds each swells, and its frequency in Hz."""


def prepare(folder: Path, mixture: Signal | None = None) -> Path:
    """A folder with a mixture `[samples, channels]` in it."""
    folder.mkdir(parents=True, exist_ok=True)
    mixture = sum(low_and_high().values()) if mixture is None else mixture
    soundfile.write(folder / "mixture.wav", mixture, RATE, subtype="FLOAT")
    (folder / "codes.json").write_text("{}")
    return folder


def job_of(
    folder: Path,
    sources: Sequence[str] = SOURCES,
    batch: int = 2,
    answers: Path | None = None,
    tagger: BandTagger | None = None,
    workers: int = 1,
    **steering: Any,
) -> Job:
    """Of the mixture in a folder; `steering` are settings of the group."""
    usual = {"subsets": SUBSETS, "competing": list(SOURCES), "temperature": 0.1}
    shared_out = PerturbationSettings(**{**usual, **steering})
    generator = ComponentsSettings(dictionaries=2, components=8, iterations=150)
    settings = MethodSettings(generator, ListeningSettings(names=["bands"]), shared_out, NoMask())
    method = Method(settings, make_components(generator, None), [tagger or CountedTagger()])
    track = TrackSteering("run", "track", WholeSignal(folder / "mixture.wav"), method)
    return Job(track, sources, CarriedOut(batch, folder / "checkpoints", answers or folder / "answers", 1e-9, workers))


def read(folder: Path, source: str) -> Signal:
    """An estimate `[samples, channels]`."""
    return soundfile.read(folder / f"{source}.wav", dtype="float32", always_2d=True)[0]


def asked(job: Job) -> int:
    """How many signals its tagger has heard."""
    (tagger,) = job.track.method.taggers
    assert isinstance(tagger, CountedTagger)
    return tagger.asked
