"""FCN: five convolutions over the mel spectrogram of 29 s. Choi et al., ISMIR 2016, arXiv 1606.00298.

The poolings drop frames that do not fill them: they keep 1,280 of the 1,813 frames. The convolutions between them reach
405 frames further, so that the network is deaf to the last 2.04 s of each window: alone, it cannot steer them.
"""

from torch import Tensor, nn

from stemsteer.taggers.sota_music_tagging.layers import Convolution2d
from stemsteer.taggers.sota_music_tagging.network import TAGS, MelNetwork


class FCN(MelNetwork):
    window = 29 * 16000

    def __init__(self) -> None:
        super().__init__(bands=96)
        self.add_layers(
            Convolution2d(1, 64, pooling=(2, 4)),
            Convolution2d(64, 128, pooling=(2, 4)),
            Convolution2d(128, 128, pooling=(2, 4)),
            Convolution2d(128, 128, pooling=(3, 5)),
            Convolution2d(128, 64, pooling=(4, 4)),
        )
        self.dense = nn.Linear(64, TAGS)

    def forward(self, audio: Tensor) -> Tensor:
        return self.dense(self.through_layers(audio).flatten(1))
