"""The signals that generators and taggers work on, at one level for the whole track."""

from abc import ABC, abstractmethod
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from stemsteer.sound.audio import SILENCE_PEAK

BLOCK = 2**20


class ScaledSignal(ABC):
    """A file, read a piece at a time and scaled so that the whole track's peak is 1.

    Attributes:
        samples: length of the track.
        rate: Hz.
        channels: of the file.
        gain: what the samples in the file are multiplied by; 1 for a silent track.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with soundfile.SoundFile(path) as file:
            self.samples: int = file.frames
            self.rate: int = file.samplerate
            self.channels: int = file.channels
            peak = max((float(np.abs(block).max()) for block in file.blocks(BLOCK, dtype="float32")), default=0.0)
        self.silent = peak <= SILENCE_PEAK
        self.gain = 1.0 if self.silent else 1 / peak

    @abstractmethod
    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        """Samples `start` to `stop`, scaled."""

    def _read(self, start: int, stop: int) -> NDArray[np.float32]:
        """The same, `[stop - start, channels]`."""
        audio, _ = soundfile.read(self._path, start=start, stop=stop, dtype="float32", always_2d=True)
        return (audio * np.float32(self.gain)).astype(np.float32)


class MonoSignal(ScaledSignal):
    """A mono file: 44.1 kHz for codecs."""

    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        """Samples `start` to `stop`, scaled: `[stop - start]`."""
        return self._read(start, stop)[:, 0]


class WholeSignal(ScaledSignal):
    """A mixture at its own rate, with all its channels."""

    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        """Samples `start` to `stop`, scaled: `[channels, stop - start]`."""
        return np.ascontiguousarray(self._read(start, stop).T)
