"""Non-negative matrix factorisation of magnitude spectrograms."""

from dataclasses import dataclass

import torch
from torch import Tensor

from stemsteer.generators.components.bands import bands_of, in_bands

TINY = 1e-9

WEIGHT_OF_WIDTH = 0.25
"""The exponent to which the number of its bins is a band's weight."""

REFINEMENTS = 10
"""Updates that give spectra known in bands the detail of bins."""


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
        """The sum of the components times their gains `[components]` (None: 1): `[bins, frames]`."""
        return (self.spectra if gains is None else self.spectra * gains) @ self.activations

    def shares(self, gains: Tensor) -> Tensor:
        """Which part of each bin passes at gains `[components]`: `[bins, frames]`, 1 where all are 1."""
        # In place: for many channels each of these takes hundreds of MB.
        return self.product(gains).add_(TINY * gains.mean()).div_(self.product().add_(TINY))


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
    ratio = torch.empty_like(magnitudes)
    for _ in range(iterations):
        _compare(magnitudes, spectra, activations, ratio)
        activations *= (spectra.T @ ratio) / (spectra.sum(0)[:, None] + TINY)
        _update_spectra(magnitudes, spectra, activations, ratio)
    return Factors(spectra, activations)


def factorise_in_bands(magnitudes: Tensor, components: int, seed: int, iterations: int) -> Factors:
    """As `factorise` for magnitudes `[channels, bins, frames]`, in a fifth of the time; the channels are stacked.

    A component has a spectrum of its own on each channel, and with it a place in the stereo picture. The factors are
    found for bands of bins. Then the activations stay, and the spectra are brought to the detail of bins. Sums over
    bins fluctuate less than bins, and the factors would care less for high bands, where drums are: those weigh more.

    Returns:
        factors whose spectra are `[channels * bins, components]`.
    """
    bands = bands_of(magnitudes.shape[1])
    widths = torch.bincount(bands).to(magnitudes)[:, None]
    weighted = in_bands(magnitudes, bands) * widths**WEIGHT_OF_WIDTH
    coarse = factorise(weighted.flatten(0, 1), components, seed, iterations)
    by_channel = coarse.spectra.unflatten(0, (len(magnitudes), -1)) / widths ** (1 + WEIGHT_OF_WIDTH)
    spectra = by_channel[:, bands.to(magnitudes.device)].flatten(0, 1)
    stacked = magnitudes.flatten(0, 1)
    ratio = torch.empty_like(stacked)
    for _ in range(REFINEMENTS):
        _update_spectra(stacked, spectra, coarse.activations, ratio)
    return Factors(spectra, coarse.activations)


def _update_spectra(magnitudes: Tensor, spectra: Tensor, activations: Tensor, ratio: Tensor) -> None:
    _compare(magnitudes, spectra, activations, ratio)
    spectra *= (ratio @ activations.T) / (activations.sum(1)[None] + TINY)


def _compare(magnitudes: Tensor, spectra: Tensor, activations: Tensor, ratio: Tensor) -> None:
    """How many times as large the magnitudes are as the product of the factors; new memory would take half the time."""
    torch.mm(spectra, activations, out=ratio)
    torch.div(magnitudes, ratio.add_(TINY), out=ratio)
