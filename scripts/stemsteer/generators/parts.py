"""The interface of generators that take a mixture apart: latents are the gains of parts that can be heard."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from torch import Tensor

from stemsteer.generators.base import Generator

LOW_HZ = 200.0
"""Below this frequency there are the fundamentals of bass and bass drum, and little else."""


@dataclass(frozen=True)
class Sounds:
    """What parts sound like, a figure for each: `[parts]`.

    Attributes:
        centroids: the mean frequency on a logarithmic scale, weighted with the energy, Hz.
        percussive: the share of the energy that belongs to sounds that are short and broad, as drums are.
        low: the share of the energy below `LOW_HZ`.
    """

    centroids: Tensor
    percussive: Tensor
    low: Tensor


class Parts(ABC):
    """The parts of a mixture. They belong to one dictionary or to several, each of which makes up the whole mixture.

    Attributes:
        dictionaries: the places of each dictionary's parts among all parts.
    """

    dictionaries: list[range]

    @property
    def number(self) -> int:
        """Of all parts."""
        return sum(map(len, self.dictionaries))

    @abstractmethod
    def signals(self) -> Tensor:
        """Each part by itself, mono: `[parts, samples]`. Those of one dictionary sum to the mean of the channels."""

    @abstractmethod
    def mix(self, gains: Tensor) -> Tensor:
        """What gains `[sources, parts]` let through: `[sources, channels, samples]`, the mean over the dictionaries.

        With gains that sum to one over the sources, the sources sum to the mixture.
        """

    @abstractmethod
    def sounds(self) -> "Sounds":
        """What each part sounds like."""


class PartsGenerator(Generator):
    """A generator that makes its parts of the mixture itself, at any rate and with any number of channels."""

    @abstractmethod
    def take_apart(self, mixture: Tensor, rate: int, seed: int) -> Parts:
        """The parts of a mixture `[channels, samples]` at a rate (Hz). The seed decides everything that is random."""

    def check_rate(self, rate: int) -> None:
        """Any rate (Hz) will do."""
