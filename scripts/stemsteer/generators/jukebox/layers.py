"""The blocks of convolutions that Jukebox's encoder and decoder are made of.

The tensors carry the names of the official checkpoint.
"""

from torch import Tensor, nn

from stemsteer.generators.jukebox.architecture import DILATION_GROWTH, STRIDE, Architecture


class ResidualBlock(nn.Module):
    """A dilated convolution of width 3 and one of width 1, added to their input: `[batch, width, frames]`."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.model = nn.Sequential(
            nn.ReLU(),
            nn.Conv1d(width, width, kernel_size=3, padding=dilation, dilation=dilation),
            nn.ReLU(),
            nn.Conv1d(width, width, kernel_size=1),
        )

    def forward(self, hidden: Tensor) -> Tensor:
        return hidden + self.model(hidden)


class ResidualStack(nn.Module):
    """Residual blocks of growing dilation; the decoder has them in the reverse order."""

    def __init__(self, width: int, depth: int, reverse: bool) -> None:
        super().__init__()
        dilations = [DILATION_GROWTH**i for i in range(depth)]
        ordered = reversed(dilations) if reverse else dilations
        self.model = nn.Sequential(*(ResidualBlock(width, dilation) for dilation in ordered))

    def forward(self, hidden: Tensor) -> Tensor:
        return self.model(hidden)


class EncoderBlock(nn.Module):
    """Halve the rate `halvings` times.

    `[batch, channels_in, frames]` to `[batch, latent_channels, frames / 2**halvings]`.
    """

    def __init__(self, channels_in: int, halvings: int, shape: Architecture) -> None:
        super().__init__()
        stages: list[nn.Module] = []
        for index in range(halvings):
            strided = nn.Conv1d(shape.width if index else channels_in, shape.width, 2 * STRIDE, STRIDE, STRIDE // 2)
            stages.append(nn.Sequential(strided, ResidualStack(shape.width, shape.depth, reverse=False)))
        stages.append(nn.Conv1d(shape.width, shape.latent_channels, kernel_size=3, padding=1))
        self.model = nn.Sequential(*stages)

    def forward(self, hidden: Tensor) -> Tensor:
        return self.model(hidden)


class DecoderBlock(nn.Module):
    """Double the rate `halvings` times.

    `[batch, latent_channels, frames]` to `[batch, latent_channels, frames * 2**halvings]`.
    """

    def __init__(self, halvings: int, shape: Architecture) -> None:
        super().__init__()
        stages: list[nn.Module] = [nn.Conv1d(shape.latent_channels, shape.width, kernel_size=3, padding=1)]
        for index in range(halvings):
            channels_out = shape.latent_channels if index == halvings - 1 else shape.width
            strided = nn.ConvTranspose1d(shape.width, channels_out, 2 * STRIDE, STRIDE, STRIDE // 2)
            stages.append(nn.Sequential(ResidualStack(shape.width, shape.depth, reverse=True), strided))
        self.model = nn.Sequential(*stages)

    def forward(self, hidden: Tensor) -> Tensor:
        return self.model(hidden)
