"""CRNN: four convolutions and a recurrent summary of 29 s. Choi et al., ICASSP 2017, arXiv 1609.04243.

The summary is the state of the recurrent layers after their last step, so that it depends most on the end of a window,
be it silence. The poolings drop frames that do not fill them: the network is deaf to the last 0.82 s of each window.
"""

import torch
from torch import Tensor, nn

from stemsteer.taggers.sota_music_tagging.layers import Convolution2d
from stemsteer.taggers.sota_music_tagging.network import TAGS, MelNetwork


class CRNN(MelNetwork):
    window = 29 * 16000

    def __init__(self) -> None:
        super().__init__(bands=96)
        self.add_layers(
            Convolution2d(1, 64, pooling=(2, 2)),
            Convolution2d(64, 128, pooling=(3, 3)),
            Convolution2d(128, 128, pooling=(4, 4)),
            Convolution2d(128, 128, pooling=(4, 4)),
        )
        self.layer5 = nn.GRU(128, 32, num_layers=2, batch_first=True)
        self.dense = nn.Linear(32, TAGS)

    def forward(self, audio: Tensor) -> Tensor:
        features = self.through_layers(audio)  # [batch, 128, 1, steps]
        # cuDNN's recurrent layers have no gradient in evaluation mode.
        with torch.backends.cudnn.flags(enabled=False):
            states, _ = self.layer5(features.squeeze(2).mT)
        return self.dense(states[:, -1])
