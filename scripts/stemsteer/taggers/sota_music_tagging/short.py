"""Short-chunk networks: seven small convolutions over 3.69 s, `short` pooled and `short_res` strided with residuals.

Won et al., SMC 2020, arXiv 2006.00751. The poolings of `short` keep 128 of the 231 frames (2.05 s). The convolutions
reach just far enough beyond them to hear the whole window; its end counts little.
"""

from torch import Tensor

from stemsteer.taggers.sota_music_tagging.layers import Convolution2d, Layer, StridedResidual2d
from stemsteer.taggers.sota_music_tagging.network import MelNetwork

WINDOW = 59049
CHANNELS = [(1, 128), (128, 128), (128, 256), (256, 256), (256, 256), (256, 256), (256, 512)]


class ShortChunk(MelNetwork):
    """Layers that reduce the spectrogram to one band, the best of all their frames, and a classifier."""

    window = WINDOW

    def __init__(self, *layers: Layer) -> None:
        super().__init__(bands=128)
        self.add_layers(*layers)
        self.add_classifier(512, 512)

    def forward(self, audio: Tensor) -> Tensor:
        return self.classify(self.through_layers(audio).amax(dim=(2, 3)))


class Short(ShortChunk):
    def __init__(self) -> None:
        super().__init__(*(Convolution2d(before, after) for before, after in CHANNELS))


class ShortRes(ShortChunk):
    def __init__(self) -> None:
        super().__init__(*(StridedResidual2d(before, after) for before, after in CHANNELS))
