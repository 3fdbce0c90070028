"""The unit of steering: one chunk of a track, and the sources that it is steered to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from stemsteer.sound.audio import Signal
from stemsteer.sound.chunks import Chunk


@dataclass(frozen=True)
class Wanted:
    """A source that a chunk is steered to.

    Attributes:
        source: its name.
        labels: for each tagger by name, the places among its logits of the labels that stand for the source; none where
            it has no label for it.
        seed: of all that is random, for this chunk.
    """

    source: str
    labels: Mapping[str, Sequence[int]]
    seed: int


@dataclass(frozen=True)
class Problem:
    """What a steering solves.

    Attributes:
        chunk: its place in the track.
        mixture: `[samples]` for generators of mono signals, `[channels, samples]` for those that take mixtures apart.
        rate: of the mixture, Hz.
        seed: of all that is random and the same for all sources.
        wanted: all sources of the track, or one of them where a steering takes each on its own.
    """

    chunk: Chunk
    mixture: Signal
    rate: int
    seed: int
    wanted: tuple[Wanted, ...]

    @property
    def names(self) -> list[str]:
        """Of its sources in this chunk, for messages."""
        return [f"{wanted.source}.{self.chunk.index}" for wanted in self.wanted]

    def split(self) -> Iterator["Problem"]:
        """A problem for each source."""
        return (replace(self, wanted=(wanted,)) for wanted in self.wanted)


def wanted_in(problems: Sequence[Problem]) -> list[Wanted]:
    """The sources of all problems, one problem after the other."""
    return [wanted for problem in problems for wanted in problem.wanted]


def names_of(problems: Sequence[Problem]) -> str:
    """The sources and chunks of some problems, for messages."""
    return ", ".join(name for problem in problems for name in problem.names)


def mixtures_of(problems: Sequence[Problem], like: Tensor) -> Tensor:
    """The mixture of each source of each problem, `[sources, samples]`, on the device and of the type of `like`.

    The chunks must be equally long.
    """
    mixtures = np.stack([problem.mixture for problem in problems for _ in problem.wanted])
    return torch.from_numpy(mixtures).to(like)
