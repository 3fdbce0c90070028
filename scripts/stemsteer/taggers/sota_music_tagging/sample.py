"""Sample-level networks, whose input is the waveform: `sample`, and `se` with squeeze and excitation.

Lee et al., SMC 2017, arXiv 1703.01789; Kim et al., ICASSP 2018, arXiv 1710.10451. The window of 3.69 s has 3^10
samples: a stride and nine poolings, each of 3, leave exactly one frame. (The last sample does not count: the
first convolution begins with a zero.)
"""

from torch import Tensor, nn
from torch.nn import functional as F

from stemsteer.taggers.sota_music_tagging.layers import Convolution1d, Layer, convolved
from stemsteer.taggers.sota_music_tagging.network import TAGS, Network

WINDOW = 3**10
# Channels before and after each of the nine layers that pool.
CHANNELS = [(128, 128)] * 2 + [(128, 256)] + [(256, 256)] * 5 + [(256, 512)]


class SampleLevel(Network):
    """A network whose frames are samples."""

    window = WINDOW

    def front_end(self, audio: Tensor) -> Tensor:
        return audio[:, None, None]


class Sample(SampleLevel):
    def __init__(self) -> None:
        super().__init__()
        self.add_layers(
            Convolution1d(1, 128, width=3, stride=3),
            *(Convolution1d(before, after, width=3, pooling=3) for before, after in CHANNELS),
            Convolution1d(512, 512, width=1),
        )
        self.dense = nn.Linear(512, TAGS)

    def forward(self, audio: Tensor) -> Tensor:
        return self.dense(self.through_layers(audio).flatten(1))


class SqueezeExcitation(Layer):
    """Two convolutions, whose channels are scaled by a function of their means, added to their input, and max pooling.

    Where the input has another shape than the output of the convolutions, a third convolution changes it.
    """

    halo = WINDOW  # the means are those of all frames

    def __init__(self, channels_in: int, channels_out: int, width: int = 3, stride: int = 1, pooling: int = 1) -> None:
        super().__init__()
        self.conv_1 = nn.Conv1d(channels_in, channels_out, width, stride)
        self.bn_1 = nn.BatchNorm1d(channels_out)
        self.conv_2 = nn.Conv1d(channels_out, channels_out, width)
        self.bn_2 = nn.BatchNorm1d(channels_out)
        self.dense1 = nn.Linear(channels_out, channels_out)
        self.dense2 = nn.Linear(channels_out, channels_out)
        self.reshapes = stride != 1 or channels_in != channels_out
        if self.reshapes:
            self.conv_3 = nn.Conv1d(channels_in, channels_out, width, stride)
            self.bn_3 = nn.BatchNorm1d(channels_out)
        self.pool = nn.MaxPool2d((1, pooling)) if pooling > 1 else nn.Identity()
        self.stride = stride * pooling

    def forward(self, x: Tensor) -> Tensor:
        hidden = convolved(F.relu(convolved(x, self.conv_1, self.bn_1)), self.conv_2, self.bn_2)
        squeezed = hidden.mean(dim=(2, 3))
        excitation = self.dense2(F.relu(self.dense1(squeezed))).sigmoid()[:, :, None, None]
        passed = convolved(x, self.conv_3, self.bn_3) if self.reshapes else x
        return F.relu(self.pool(passed + excitation * hidden))


class SampleSE(SampleLevel):
    def __init__(self) -> None:
        super().__init__()
        self.add_layers(
            SqueezeExcitation(1, 128, stride=3),
            *(SqueezeExcitation(before, after, pooling=3) for before, after in CHANNELS),
            SqueezeExcitation(512, 512, width=1),
        )
        self.add_classifier(512, 512)

    def forward(self, audio: Tensor) -> Tensor:
        return self.classify(self.through_layers(audio).flatten(1))
