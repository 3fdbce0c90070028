"""Bands: neighbouring bins of a spectrogram taken together, where the ear and the factors need no more detail."""

import torch
from torch import Tensor

WIDTH = 0.02
"""Of a band, as a share of its frequency: a third of a semitone. Low bins are wider, and each is a band by itself."""


def bands_of(bins: int) -> Tensor:
    """The number of the band of each bin, the bins evenly spaced from 0 Hz on: `[bins]`."""
    found, band, first = [], 0, 0
    for number in range(bins):
        if number - first >= max(1.0, WIDTH * first):
            band, first = band + 1, number
        found.append(band)
    return torch.tensor(found)


def in_bands(magnitudes: Tensor, bands: Tensor) -> Tensor:
    """The sums over the bins of each band: `[..., bins, frames]` to `[..., bands, frames]`."""
    shape = (*magnitudes.shape[:-2], int(bands[-1]) + 1, magnitudes.shape[-1])
    return magnitudes.new_zeros(shape).index_add_(-2, bands.to(magnitudes.device), magnitudes)
