"""The interface of generators that take a mixture apart: latents are the gains of parts that can be heard."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from stemsteer.generators.base import Generator, Latents

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
    def signals(self, rate: int) -> Tensor:
        """Each part by itself, mono, at a rate (Hz): `[parts, samples]`.

        Those of one dictionary sum to the mean of the mixture's channels, which `Resampler` brings to the rate.
        """

    @abstractmethod
    def mix(self, gains: Tensor) -> Tensor:
        """What gains `[sources, parts]` let through: `[sources, channels, samples]`, the mean over the dictionaries.

        With gains that sum to one over the sources, the sources sum to the mixture.
        """

    @abstractmethod
    def sounds(self) -> "Sounds":
        """What each part sounds like."""


class PartGains(Latents):
    """The gains of the parts of each mixture, all 1 at first.

    Attributes:
        mixtures: `[batch, samples]`.
        parts: of each mixture.
    """

    def __init__(self, mixtures: Tensor, parts: Sequence[Parts]) -> None:
        self.mixtures, self.parts = mixtures, parts
        self.latents = [mixtures.new_ones(1, own.number, requires_grad=True) for own in parts]

    def decode(self) -> Tensor:
        """As `Latents.decode`. Gains that have left 0 to 1 are put back to its ends."""
        return self.mixed(self._held())

    def decode_graded(self, grades: Sequence[Tensor]) -> Tensor:
        """What `decode` gives with each gain times a grade; the grades of each mixture are `[1, parts]`."""
        return self.mixed([gains * own for gains, own in zip(self._held(), grades, strict=True)])

    def _held(self) -> list[Tensor]:
        for gains in self.latents:
            gains.data.clamp_(0, 1)
        return self.latents

    def mixed(self, gains: Sequence[Tensor]) -> Tensor:
        """Audio `[batch, samples]` of these gains, `[1, parts]` of each mixture."""
        return torch.cat([parts.mix(own)[:, 0] for parts, own in zip(self.parts, gains, strict=True)])

    def unsteered(self) -> Tensor:
        return self.mixtures


class PartsGenerator(Generator):
    """A generator that makes its parts of the mixture itself, at any rate and with any number of channels."""

    @abstractmethod
    def take_apart(self, mixture: Tensor, rate: int, seed: int) -> Parts:
        """The parts of a mixture `[channels, samples]` at a rate (Hz). The seed decides everything that is random."""

    def begin(self, mixtures: Tensor, seeds: Sequence[int]) -> PartGains:
        """The gains of the parts of mono mixtures; see `Generator.begin`."""
        pairs = zip(mixtures, seeds, strict=True)
        return PartGains(mixtures, [self.take_apart(mixture[None], self.sample_rate, seed) for mixture, seed in pairs])

    def check_rate(self, rate: int) -> None:
        """Any rate (Hz) will do."""
