"""The VGG-like baseline of the package musicnn: five small convolutions, each followed by a max pooling.

Weights of Pons and Serra, "musicnn", 2019, arXiv 1909.06654. The poolings drop frames that do not fill them, so that
the network is deaf to the last 0.4 s of each window of 3 s: alone, it cannot steer them.
"""

import torch
from torch import Tensor, nn

from stemsteer.taggers.filter_maxima import filter_maxima
from stemsteer.taggers.musicnn_package.layers import Block, batch_norm, dense
from stemsteer.taggers.musicnn_package.weights import Weights

# Frames x mel bands of each max pooling, and its strides.
POOLINGS = [((4, 1), (2, 2)), ((2, 2), (2, 2)), ((2, 2), (2, 2)), ((2, 2), (2, 2)), ((4, 4), (4, 4))]
AXES, PADDING = (3, 2, 0, 1), (1, 1)  # of all convolutions; see `Block`


class VGG(nn.Module):
    """Log mel spectrogram `[batch, 187, 96]` to tag logits `[batch, tags]`."""

    def __init__(self, weights: Weights) -> None:
        super().__init__()
        self.input_norm = batch_norm(weights, 0, nn.BatchNorm2d)
        blocks: list[Block] = [FirstBlock(weights, "1CNN", 1, AXES, PADDING)]
        for number, (size, stride) in enumerate(POOLINGS[1:], start=2):
            blocks.append(Block(weights, f"{number}CNN", number, AXES, PADDING, nn.MaxPool2d(size, stride)))
        self.blocks = nn.Sequential(*blocks)
        self.output = dense(weights, "dense")
        # Channels last: what the first block gives, and what convolutions on a CPU are fastest with.
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, log_mel: Tensor) -> Tensor:
        x = self.blocks(self.input_norm(log_mel.unsqueeze(1)))
        logits: Tensor = self.output(x.permute(0, 2, 3, 1).flatten(1))  # TensorFlow's channels come last
        return logits


class FirstBlock(Block):
    """The block that hears the spectrogram: `[1, frames, mels]`. Its pooling drops every second mel band unseen."""

    def pooled(self, x: Tensor) -> Tensor:
        kernel, bias = self.convolution.weight, self.convolution.bias
        assert bias is not None
        size, stride = POOLINGS[0]
        return filter_maxima(x, kernel, bias, PADDING, size, stride)
