"""What the nine networks have in common: how their parts are named in the published weights."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Self

from torch import Tensor, nn
from torch.nn import functional as F

from stemsteer.taggers.sota_music_tagging.front_end import MelDecibels

TAGS = 50  # of every data set they were trained on


class Network(nn.Module, ABC):
    """Tag logits `[batch, tags]` of audio `[batch, window]` at 16 kHz.

    Attributes:
        window: samples it hears at once.
    """

    window: ClassVar[int]

    @classmethod
    def sized_like(cls, tensors: Mapping[str, Tensor]) -> Self:
        """A network of the size of these weights, where sizes differ between data sets."""
        return cls()

    @abstractmethod
    def forward(self, audio: Tensor) -> Tensor:
        pass

    def add_layers(self, *layers: nn.Module) -> None:
        """Register layers as `layer1`, `layer2`, ..."""
        self.depth = len(layers)
        for number, layer in enumerate(layers, start=1):
            self.add_module(f"layer{number}", layer)

    def through_layers(self, x: Tensor) -> Tensor:
        """What `layer1`, `layer2`, ... make of x, one after the other."""
        for number in range(1, self.depth + 1):
            x = self.get_submodule(f"layer{number}")(x)
        return x

    def add_classifier(self, features: int, hidden: int) -> None:
        """Register a hidden layer and an output layer as `dense1`, `bn` and `dense2`."""
        self.dense1 = nn.Linear(features, hidden)
        self.bn = nn.BatchNorm1d(hidden)
        self.dense2 = nn.Linear(hidden, TAGS)

    def classify(self, features: Tensor) -> Tensor:
        """Tag logits `[batch, tags]` of `[batch, features]`."""
        return self.dense2(F.relu(self.bn(self.dense1(features))))


class MelNetwork(Network):
    """A network that hears a mel spectrogram in decibels."""

    def __init__(self, bands: int) -> None:
        super().__init__()
        self.spec = MelDecibels(bands)
        self.spec_bn = nn.BatchNorm2d(1)

    def mel_spectrogram(self, audio: Tensor) -> Tensor:
        """Normalised decibels `[batch, 1, bands, frames]` of audio `[batch, samples]`."""
        return self.spec_bn(self.spec(audio))
