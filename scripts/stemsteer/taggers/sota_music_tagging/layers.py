"""Layers that several of the networks are made of.

All tensors are `[batch, channels, bands, frames]`, with one band where there are none. Their memory format is channels
last, in which convolutions and poolings on a CPU are several times faster. Batch norms are frozen, so that they are
computed as a part of the convolutions before them. A max pooling leaves out the last bands and frames where its size
does not divide their number. Rectifiers come after it: the order of the two does not change the result, and fewer
numbers have to be rectified.
"""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from stemsteer.taggers.filter_maxima import filter_maxima


class Layer(nn.Module, ABC):
    """A layer that says which frames of its input each frame of its output depends on.

    Attributes:
        stride: frames of the input from one frame of the output to the next.
        halo: frame t of the output depends on the frames `stride * t` to `stride * (t + 1) - 1` of the input, and on at
            most so many frames before and after them.
    """

    stride: int
    halo: int

    @abstractmethod
    def forward(self, x: Tensor) -> Tensor:
        pass

    def before_silence(self, x: Tensor, silence: Tensor) -> Tensor:
        """The first frames of the output for an input of x and the silence after it: those that depend on x.

        Args:
            x: the first frames of the input.
            silence: the input for a silent window, `[1, channels, bands, frames]`; its last frames follow x.
        """
        reached = -(-(x.shape[-1] + self.halo) // self.stride)
        heard = followed_by(x, silence[..., : reached * self.stride + self.halo])
        return self(heard).movedim(1, -1)[:, :, :reached].movedim(-1, 1)


def followed_by(x: Tensor, silence: Tensor) -> Tensor:
    """Silence `[1, channels, bands, frames]` whose first frames are replaced by x."""
    rest = silence[..., x.shape[-1] :].expand(len(x), -1, -1, -1)
    return torch.cat([x.movedim(1, -1), rest.movedim(1, -1)], dim=2).movedim(-1, 1)


def kernel_and_bias(convolution: nn.Conv1d | nn.Conv2d, norm: nn.BatchNorm1d | nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Kernel `[channels_out, channels_in, bands, frames]` and bias of a convolution with the batch norm after it."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    assert convolution.bias is not None
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    bias = scale * (convolution.bias - norm.running_mean) + norm.bias
    kernel = convolution.weight.reshape(*convolution.weight.shape[:2], -1, convolution.weight.shape[-1])
    return scale.view(-1, 1, 1, 1) * kernel, bias


def convolved(x: Tensor, convolution: nn.Conv1d | nn.Conv2d, norm: nn.BatchNorm1d | nn.BatchNorm2d) -> Tensor:
    """The output of a convolution and the batch norm after it; x is padded with zeros by half a kernel."""
    kernel, bias = kernel_and_bias(convolution, norm)
    padding = (kernel.shape[2] // 2, kernel.shape[3] // 2)
    stride = (1, *convolution.stride)[-2:]
    if kernel.shape[1] > 1:
        x = x.contiguous(memory_format=torch.channels_last)
        return F.conv2d(x, kernel, bias, stride, padding)
    # With one channel, a matrix product is used: its gradient takes a quarter of the time.
    patches = F.unfold(x, kernel.shape[2:], padding=padding, stride=stride)
    bands = (x.shape[2] + 2 * padding[0] - kernel.shape[2]) // stride[0] + 1
    return F.linear(patches.mT, kernel.flatten(1), bias).unflatten(1, (bands, -1)).permute(0, 3, 1, 2)


class Convolution1d(Layer):
    """Convolution over frames, max pooling and rectifier, for an input with one band."""

    def __init__(self, channels_in: int, channels_out: int, width: int, stride: int = 1, pooling: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv1d(channels_in, channels_out, width, stride)
        self.bn = nn.BatchNorm1d(channels_out)
        self.pool = nn.MaxPool2d((1, pooling)) if pooling > 1 else nn.Identity()
        self.stride, self.halo = stride * pooling, width // 2

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.pool(convolved(x, self.conv, self.bn)))


class Convolution2d(Layer):
    """Convolution of 3 x 3, max pooling and rectifier."""

    halo = 1

    def __init__(self, channels_in: int, channels_out: int, pooling: tuple[int, int] = (2, 2)) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels_in, channels_out, 3)
        self.bn = nn.BatchNorm2d(channels_out)
        self.pooling, self.stride = pooling, pooling[1]

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[1] == 1:
            kernel, bias = kernel_and_bias(self.conv, self.bn)
            return F.relu(filter_maxima(x, kernel, bias, padding=(1, 1), pooling=self.pooling))
        return F.relu(F.max_pool2d(convolved(x, self.conv, self.bn), self.pooling))


class PooledResidual2d(Layer):
    """Two convolutions of 3 x 3 added to their input, max pooling and rectifier."""

    halo = 2

    def __init__(self, channels: int, pooling: tuple[int, int] = (2, 2)) -> None:
        super().__init__()
        self.conv_1 = nn.Conv2d(channels, channels, 3)
        self.bn_1 = nn.BatchNorm2d(channels)
        self.conv_2 = nn.Conv2d(channels, channels, 3)
        self.bn_2 = nn.BatchNorm2d(channels)
        self.pooling, self.stride = pooling, pooling[1]

    def forward(self, x: Tensor) -> Tensor:
        hidden = F.relu(convolved(x, self.conv_1, self.bn_1))
        return F.relu(F.max_pool2d(x + convolved(hidden, self.conv_2, self.bn_2), self.pooling))


class StridedResidual2d(Layer):
    """Two convolutions of 3 x 3 added to a third, shrunk by strides.

    Strides, unlike poolings, leave nothing out at the end.
    """

    def __init__(self, channels_in: int, channels_out: int, stride: tuple[int, int] = (2, 2)) -> None:
        super().__init__()
        self.conv_1 = nn.Conv2d(channels_in, channels_out, 3, stride)
        self.bn_1 = nn.BatchNorm2d(channels_out)
        self.conv_2 = nn.Conv2d(channels_out, channels_out, 3)
        self.bn_2 = nn.BatchNorm2d(channels_out)
        self.conv_3 = nn.Conv2d(channels_in, channels_out, 3, stride)
        self.bn_3 = nn.BatchNorm2d(channels_out)
        self.stride, self.halo = stride[1], stride[1] + 1

    def forward(self, x: Tensor) -> Tensor:
        hidden = F.relu(convolved(x, self.conv_1, self.bn_1))
        return F.relu(convolved(x, self.conv_3, self.bn_3) + convolved(hidden, self.conv_2, self.bn_2))
