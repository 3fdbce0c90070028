"""Musicnn: a network whose first filters have musical shapes. Pons et al., ISMIR 2018, arXiv 1711.02520.

Not the network of the Python package musicnn: here rectifiers follow the batch norms, temporal filters run over the
mean of all mel bands instead of each, and the summary's order is the maxima of all features, then their means. The
weights of MSD have a larger back end, which the reference's own `MusicTagger` cannot load.
"""

from collections.abc import Mapping
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from stemsteer.taggers.filter_maxima import filter_maxima
from stemsteer.taggers.sota_music_tagging.layers import Convolution1d, convolved, kernel_and_bias
from stemsteer.taggers.sota_music_tagging.network import MelNetwork

BANDS = 96
TIMBRAL_HEIGHTS = (67, 38)  # mel bands
TIMBRAL_FILTERS = 204
TEMPORAL_LENGTHS = (129, 65, 33)  # frames
TEMPORAL_FILTERS = 51
FEATURES = TIMBRAL_FILTERS * len(TIMBRAL_HEIGHTS) + TEMPORAL_FILTERS * len(TEMPORAL_LENGTHS)


class Timbral(nn.Module):
    """Filters of 7 frames and many mel bands; of each, the largest response over all bands.

    `[batch, 1, bands, frames]` to `[batch, 204, 1, frames]`.
    """

    def __init__(self, height: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, TIMBRAL_FILTERS, (height, 7))
        self.bn = nn.BatchNorm2d(TIMBRAL_FILTERS)

    def forward(self, spectrogram: Tensor) -> Tensor:
        kernel, bias = kernel_and_bias(self.conv, self.bn)
        places = spectrogram.shape[2] - kernel.shape[2] + 1
        best = filter_maxima(spectrogram.mT, kernel.mT, bias, padding=(3, 0), pooling=(1, places))
        return F.relu(best).mT


class Temporal(nn.Module):
    """Filters of many frames over the mean of all mel bands.

    `[batch, 1, bands, frames]` to `[batch, 51, 1, frames]`.
    """

    def __init__(self, length: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(1, TEMPORAL_FILTERS, length)
        self.bn = nn.BatchNorm1d(TEMPORAL_FILTERS)

    def forward(self, spectrogram: Tensor) -> Tensor:
        return F.relu(convolved(spectrogram.mean(dim=2, keepdim=True), self.conv, self.bn))


class Musicnn(MelNetwork):
    """Args:
    channels: of the three convolutions over all features.
    hidden: units of the hidden layer.
    """

    window = 3 * 16000

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__(BANDS)
        timbral = [Timbral(height) for height in TIMBRAL_HEIGHTS]
        temporal = [Temporal(length) for length in TEMPORAL_LENGTHS]
        self.layers = nn.ModuleList([*timbral, *temporal])
        self.layer1 = Convolution1d(FEATURES, channels, width=7)
        self.layer2 = Convolution1d(channels, channels, width=7)
        self.layer3 = Convolution1d(channels, channels, width=7)
        self.add_classifier(2 * (FEATURES + 3 * channels), hidden)

    @classmethod
    def sized_like(cls, tensors: Mapping[str, Tensor]) -> Self:
        """64 channels and 200 hidden units for MTAT and MTG-Jamendo, 512 and 500 for MSD."""
        return cls(channels=len(tensors["layer1.conv.bias"]), hidden=len(tensors["dense1.bias"]))

    def forward(self, audio: Tensor) -> Tensor:
        spectrogram = self.front_end(F.pad(audio, (0, self.window - audio.shape[1])))
        heard = torch.cat([layer(spectrogram) for layer in self.layers], dim=1)  # [batch, features, 1, frames]
        first = self.layer1(heard)
        second = first + self.layer2(first)
        third = second + self.layer3(second)
        features = torch.cat([heard, first, second, third], dim=1).squeeze(2)
        return self.classify(torch.cat([features.max(dim=2).values, features.mean(dim=2)], dim=1))
