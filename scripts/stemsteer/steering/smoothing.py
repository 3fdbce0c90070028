"""Smoothed gradients: what is lowered is the mean loss over random gains of the parts.

The gradient at one point is mostly wiggle; SmoothGrad (Smilkov et al., arXiv 1706.03825) averages over points nearby.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from stemsteer.generators.base import Latents
from stemsteer.generators.parts import PartGains

LEAST = 0.2
"""No grade is lower: where a part is silent, the logarithm of a mel band has a slope without bounds."""


class Grades:
    """Random grades of the gains of some sources, uniform between `LEAST` and 1.

    Each source has draws of its own, from the CPU: they are the same on every device and in every batch.
    """

    def __init__(self, seeds: Sequence[int]) -> None:
        """The seeds, one for each source, are not negative. Generators draw from them, so that grades do not."""
        self._random = [torch.Generator().manual_seed(-1 - seed) for seed in seeds]

    def decode(self, latents: Latents) -> Tensor:
        """Audio `[sources, samples]` of the gains of parts, each times a grade that is drawn now."""
        if not isinstance(latents, PartGains):
            raise TypeError(f"{type(latents).__name__} are no gains of parts")
        pairs = zip(self._random, latents.latents, strict=True)
        drawn = [torch.rand(gains.shape, generator=random).to(gains) for random, gains in pairs]
        return latents.decode_graded([LEAST + (1 - LEAST) * share for share in drawn])

    def state(self) -> list[Tensor]:
        """Of the random generators, for `restore`."""
        return [random.get_state() for random in self._random]

    def restore(self, state: Sequence[Tensor]) -> None:
        """Go on from a `state` of the same sources."""
        for random, saved in zip(self._random, state, strict=True):
            random.set_state(saved.cpu())
