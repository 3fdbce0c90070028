"""The VGG-like baseline of the package musicnn: five small convolutions, each followed by a max pooling.

Weights of Pons and Serra, "musicnn", 2019, arXiv 1909.06654. The poolings drop frames that do not fill them, so that
the network is deaf to the last 0.4 s of each window of 3 s: alone, it cannot steer them.
"""

from torch import Tensor, nn

from stemsteer.taggers.musicnn_package.layers import Block, batch_norm, dense
from stemsteer.taggers.musicnn_package.weights import Weights

# Frames x mel bands of each max pooling, and its strides.
POOLINGS = [((4, 1), (2, 2)), ((2, 2), (2, 2)), ((2, 2), (2, 2)), ((2, 2), (2, 2)), ((4, 4), (4, 4))]


class VGG(nn.Module):
    """Log mel spectrogram `[batch, 187, 96]` to tag logits `[batch, tags]`."""

    def __init__(self, weights: Weights) -> None:
        super().__init__()
        self.input_norm = batch_norm(weights, 0, nn.BatchNorm2d)
        self.blocks = nn.Sequential(
            *(
                Block(weights, f"{number}CNN", number, (3, 2, 0, 1), padding=(1, 1), pool=nn.MaxPool2d(size, stride))
                for number, (size, stride) in enumerate(POOLINGS, start=1)
            )
        )
        self.output = dense(weights, "dense")

    def forward(self, log_mel: Tensor) -> Tensor:
        x = self.blocks(self.input_norm(log_mel.unsqueeze(1)))
        logits: Tensor = self.output(x.permute(0, 2, 3, 1).flatten(1))  # TensorFlow's channels come last
        return logits
