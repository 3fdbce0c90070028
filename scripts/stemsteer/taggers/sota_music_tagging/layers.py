"""Layers that several of the networks are made of.

A max pooling leaves out the last rows and columns where its size does not divide theirs.
"""

from torch import Tensor, nn
from torch.nn import functional as F


class Convolution1d(nn.Module):
    """Convolution, batch norm, rectifier and max pooling: `[batch, channels_in, length]` to `[batch, channels_out, -]`.

    The rectifier comes last: the order of the two makes no difference, and there is less left to rectify.
    """

    def __init__(self, channels_in: int, channels_out: int, width: int, stride: int = 1, pooling: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv1d(channels_in, channels_out, width, stride, padding=width // 2)
        self.bn = nn.BatchNorm1d(channels_out)
        self.pool = nn.MaxPool1d(pooling) if pooling > 1 else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.pool(self.bn(self.conv(x))))


class Convolution2d(nn.Module):
    """Convolution of 3 x 3, batch norm, rectifier and max pooling: `[batch, channels_in, bands, frames]` to fewer."""

    def __init__(self, channels_in: int, channels_out: int, pooling: tuple[int, int] = (2, 2)) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels_in, channels_out, 3, padding=1)
        self.bn = nn.BatchNorm2d(channels_out)
        self.pool = nn.MaxPool2d(pooling)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.pool(self.bn(self.conv(x))))


class PooledResidual2d(nn.Module):
    """Two convolutions of 3 x 3 added to their input, and max pooling: `[batch, channels, bands, frames]` to fewer."""

    def __init__(self, channels: int, pooling: tuple[int, int] = (2, 2)) -> None:
        super().__init__()
        self.conv_1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.bn_1 = nn.BatchNorm2d(channels)
        self.conv_2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.bn_2 = nn.BatchNorm2d(channels)
        self.pool = nn.MaxPool2d(pooling)

    def forward(self, x: Tensor) -> Tensor:
        hidden = F.relu(self.bn_1(self.conv_1(x)))
        return F.relu(self.pool(x + self.bn_2(self.conv_2(hidden))))


class StridedResidual2d(nn.Module):
    """Two convolutions of 3 x 3 added to a third, shrunk by strides: `[batch, channels_in, bands, frames]` to fewer.

    Strides, unlike poolings, leave nothing out at the end.
    """

    def __init__(self, channels_in: int, channels_out: int, stride: tuple[int, int] = (2, 2)) -> None:
        super().__init__()
        self.conv_1 = nn.Conv2d(channels_in, channels_out, 3, stride, padding=1)
        self.bn_1 = nn.BatchNorm2d(channels_out)
        self.conv_2 = nn.Conv2d(channels_out, channels_out, 3, padding=1)
        self.bn_2 = nn.BatchNorm2d(channels_out)
        self.conv_3 = nn.Conv2d(channels_in, channels_out, 3, stride, padding=1)
        self.bn_3 = nn.BatchNorm2d(channels_out)

    def forward(self, x: Tensor) -> Tensor:
        hidden = F.relu(self.bn_1(self.conv_1(x)))
        return F.relu(self.bn_3(self.conv_3(x)) + self.bn_2(self.conv_2(hidden)))
