"""The stems of a track and the rest of its mixture, as they are read to be exported."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from stemsteer.exports.settings import REST
from stemsteer.sound.audio import BLOCK, Signal, blocks


@dataclass(frozen=True)
class Level:
    """How loud a signal is: its root mean square and its peak, of which 1 is full scale."""

    rms: float
    peak: float


@dataclass(frozen=True)
class Separated:
    """The files of a track's stems, by source, and of its mixture: all of one rate, length and number of channels."""

    mixture: Path
    stems: Mapping[str, Path]

    def signal(self, source: str) -> Iterator[Signal]:
        """A stem, or the `REST`, block by block `[samples, channels]`."""
        return blocks(self.stems[source]) if source != REST else self._rest()

    def _rest(self) -> Iterator[Signal]:
        with ExitStack() as stack:
            mixture, *stems = (
                stack.enter_context(soundfile.SoundFile(path)) for path in (self.mixture, *self.stems.values())
            )
            for block in mixture.blocks(BLOCK, dtype="float32", always_2d=True):
                for stem in stems:
                    block = block - stem.read(len(block), dtype="float32", always_2d=True)
                yield block


def level_of(signal: Iterator[Signal]) -> Level:
    """How loud a signal is, all channels together."""
    squares, samples, peak = 0.0, 0, 0.0
    for block in signal:
        squares += float(np.square(block, dtype=np.float64).sum())
        samples += block.size
        peak = max(peak, float(np.abs(block).max(initial=0)))
    return Level((squares / max(samples, 1)) ** 0.5, peak)
