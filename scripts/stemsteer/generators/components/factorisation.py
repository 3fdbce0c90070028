"""Non-negative matrix factorisation of magnitude spectrograms."""

from dataclasses import dataclass

import torch
from torch import Tensor

TINY = 1e-9


@dataclass(frozen=True)
class Factors:
    """A magnitude spectrogram as a sum of components, each with one spectrum that is now louder, now quieter.

    Attributes:
        spectra: `[bins, components]`.
        activations: `[components, frames]`.
    """

    spectra: Tensor
    activations: Tensor

    def product(self, gains: Tensor | None = None) -> Tensor:
        """The sum of the components times their gains `[..., components]` (None: 1): `[..., bins, frames]`."""
        spectra = self.spectra if gains is None else self.spectra * gains[..., None, :]
        return spectra @ self.activations

    def shares(self, gains: Tensor) -> Tensor:
        """Which part of each bin passes at gains `[..., components]`: `[..., bins, frames]`, 1 where all are 1."""
        return (self.product(gains) + TINY * gains.mean(-1)[..., None, None]) / (self.product() + TINY)


def factorise(magnitudes: Tensor, components: int, seed: int, iterations: int) -> Factors:
    """Factors of `magnitudes` `[bins, frames]` that bring the Kullback-Leibler divergence near a minimum.

    Multiplicative updates: Lee and Seung, "Algorithms for Non-negative Matrix Factorization" (2000). They begin with
    random factors, which are drawn on the CPU, so that they are the same on every device.
    """
    random = torch.Generator().manual_seed(seed)
    bins, frames = magnitudes.shape
    spectra = (torch.rand(bins, components, generator=random) + 0.1).to(magnitudes)
    activations = (torch.rand(components, frames, generator=random) + 0.1).to(magnitudes)
    activations *= magnitudes.mean() / (spectra @ activations).mean()
    for _ in range(iterations):
        ratio = magnitudes / (spectra @ activations + TINY)
        activations *= (spectra.T @ ratio) / (spectra.sum(0)[:, None] + TINY)
        ratio = magnitudes / (spectra @ activations + TINY)
        spectra *= (ratio @ activations.T) / (activations.sum(1)[None] + TINY)
    return Factors(spectra, activations)
