"""The base of the nine networks: the names of their parts in the published weights, and a shortcut for silence.

Most of a window can be silence: with the policy `pad`, 23 s of zeros follow 6 s of music in a window of 29 s. The
layers' outputs for silence are always the same, so they are computed once. For audio that is shorter than a window only
the outputs that depend on its samples are computed.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from itertools import accumulate
from typing import ClassVar, Self

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from stemsteer.taggers.sota_music_tagging.front_end import MelDecibels
from stemsteer.taggers.sota_music_tagging.layers import Layer, followed_by

SAMPLE_RATE = 16000  # Hz
TAGS = 50  # of every data set that they were trained on


class Network(nn.Module, ABC):
    """Tag logits `[batch, tags]` of audio `[batch, samples]` at 16 kHz, and of silence after it up to a whole window.

    Attributes:
        window: samples that it hears at once.
    """

    window: ClassVar[int]

    @classmethod
    def sized_like(cls, tensors: Mapping[str, Tensor]) -> Self:
        """A network of the size of these weights, where sizes differ between data sets."""
        return cls()

    @abstractmethod
    def forward(self, audio: Tensor) -> Tensor:
        pass

    @abstractmethod
    def front_end(self, audio: Tensor) -> Tensor:
        """The input of the first layer `[batch, channels, bands, frames]`, without frames that hold only silence."""

    def add_layers(self, *layers: Layer) -> None:
        """Register layers as `layer1`, `layer2`, ..."""
        for number, layer in enumerate(layers, start=1):
            self.add_module(f"layer{number}", layer)
        self.chain = layers
        self.silences: dict[tuple[torch.device, torch.dtype], list[Tensor]] = {}

    def through_layers(self, audio: Tensor) -> Tensor:
        """The output of the last of `layer1`, `layer2`, ... for audio that silence follows up to a whole window."""
        x = self.front_end(audio)
        if audio.shape[1] == self.window:
            for layer in self.chain:
                x = layer(x)
            return x
        *inputs, output = self.silence(like=audio)
        for layer, silence in zip(self.chain, inputs, strict=True):
            x = layer.before_silence(x, silence)
        return followed_by(x, output)

    def silence(self, like: Tensor) -> list[Tensor]:
        """Inputs of all layers in a silent window, and the last one's output, each `[1, channels, bands, frames]`."""
        key = like.device, like.dtype
        if key not in self.silences:
            with torch.no_grad(), torch.autocast(like.device.type, enabled=False):
                start = self.front_end(like.new_zeros(1, self.window))
                self.silences[key] = list(accumulate(self.chain, lambda x, layer: layer(x), initial=start))
        return self.silences[key]

    def add_classifier(self, features: int, hidden: int) -> None:
        """Register a hidden layer and an output layer as `dense1`, `bn` and `dense2`."""
        self.dense1 = nn.Linear(features, hidden)
        self.bn = nn.BatchNorm1d(hidden)
        self.dense2 = nn.Linear(hidden, TAGS)

    def classify(self, features: Tensor) -> Tensor:
        """Tag logits `[batch, tags]` of `[batch, features]`."""
        return self.dense2(F.relu(self.bn(self.dense1(features))))


class MelNetwork(Network):
    """A network whose input is a mel spectrogram in decibels."""

    def __init__(self, bands: int) -> None:
        super().__init__()
        self.spec = MelDecibels(bands)
        self.spec_bn = nn.BatchNorm2d(1)

    def front_end(self, audio: Tensor) -> Tensor:
        """Normalised decibels `[batch, 1, bands, frames]`."""
        return self.spec_bn(self.spec(audio, self.window - audio.shape[1]))
