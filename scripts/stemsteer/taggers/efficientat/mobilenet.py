"""MobileNetV3-Large over mel bands and frames. Howard et al., ICCV 2019, arXiv 1905.02244, table 1.

As EfficientAT has it (Schmid et al., ICASSP 2023, arXiv 2211.04772): one channel goes in, the widths of all layers are
multiplied by the same number, and gates end in a sigmoid. The mean over all bands and frames is classified, so that any
number of frames can be heard.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

NORM_EPSILON = 0.001
SQUEEZED = 4  # channels of a block for each channel inside its gate
STEM, HIDDEN = 16, 1280  # channels of the first convolution, and of the classifier
LAST_EXPANSION = 6


@dataclass(frozen=True)
class Block:
    """One row of the table: the width of the kernel, channels before multiplication, and what else there is."""

    kernel: int
    expanded: int
    channels: int
    gated: bool
    activation: type[nn.Module]
    stride: int = 1


BLOCKS = (
    Block(3, 16, 16, False, nn.ReLU),
    Block(3, 64, 24, False, nn.ReLU, stride=2),
    Block(3, 72, 24, False, nn.ReLU),
    Block(5, 72, 40, True, nn.ReLU, stride=2),
    Block(5, 120, 40, True, nn.ReLU),
    Block(5, 120, 40, True, nn.ReLU),
    Block(3, 240, 80, False, nn.Hardswish, stride=2),
    Block(3, 200, 80, False, nn.Hardswish),
    Block(3, 184, 80, False, nn.Hardswish),
    Block(3, 184, 80, False, nn.Hardswish),
    Block(3, 480, 112, True, nn.Hardswish),
    Block(3, 672, 112, True, nn.Hardswish),
    Block(5, 672, 160, True, nn.Hardswish, stride=2),
    Block(5, 960, 160, True, nn.Hardswish),
    Block(5, 960, 160, True, nn.Hardswish),
)


def in_eights(channels: float) -> int:
    """The nearest multiple of 8 that is not 0, nor less than nine tenths of the channels."""
    nearest = max(8, int(channels + 4) // 8 * 8)
    return nearest + 8 if nearest < 0.9 * channels else nearest


class Convolution(nn.Sequential):
    """A convolution padded by half a kernel, its batch norm and its activation: `[batch, channels, bands, frames]`."""

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        kernel: int = 1,
        stride: int = 1,
        groups: int = 1,
        activation: type[nn.Module] = nn.Identity,
    ) -> None:
        convolution = nn.Conv2d(
            channels_in, channels_out, kernel, stride, padding=kernel // 2, groups=groups, bias=False
        )
        super().__init__(convolution, nn.BatchNorm2d(channels_out, NORM_EPSILON), activation())

    def fuse(self) -> None:
        """Make the frozen norm a part of the convolution: a network takes 0.6 of the time then."""
        convolution, norm, _ = self
        assert isinstance(convolution, nn.Conv2d)
        assert isinstance(norm, nn.BatchNorm2d)
        self[0], self[1] = fuse_conv_bn_eval(convolution, norm), nn.Identity()


class SqueezeExcitation(nn.Module):
    """Factors for channels, from their means over bands and frames. Hu et al., 2018, arXiv 1709.01507."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        squeezed = in_eights(channels // SQUEEZED)
        self.fc1 = nn.Linear(channels, squeezed)
        self.fc2 = nn.Linear(squeezed, channels)

    def forward(self, x: Tensor) -> Tensor:
        factors = torch.sigmoid(self.fc2(torch.relu(self.fc1(x.mean((2, 3))))))
        return x * factors[:, :, None, None]


class Gate(nn.Module):
    """Squeeze and excitation, named as the published weights name it, which could hold several."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conc_se_layers = nn.ModuleList([SqueezeExcitation(channels)])

    def forward(self, x: Tensor) -> Tensor:
        return self.conc_se_layers[0](x)


class InvertedResidual(nn.Module):
    """More channels, each convolved for itself, and fewer again; added to the input where that has the same shape."""

    def __init__(self, channels_in: int, block: Block, width: float) -> None:
        super().__init__()
        expanded, channels = in_eights(block.expanded * width), in_eights(block.channels * width)
        layers: list[nn.Module] = []
        if expanded != channels_in:
            layers.append(Convolution(channels_in, expanded, activation=block.activation))
        layers.append(Convolution(expanded, expanded, block.kernel, block.stride, expanded, block.activation))
        if block.gated:
            layers.append(Gate(expanded))
        self.block = nn.Sequential(*layers, Convolution(expanded, channels))
        self.residual = block.stride == 1 and channels == channels_in

    def forward(self, x: Tensor) -> Tensor:
        return x + self.block(x) if self.residual else self.block(x)


class MobileNet(nn.Module):
    """Logits `[batch, classes]` of a spectrogram `[batch, 1, bands, frames]`.

    Args:
        width: by which the channels of all layers are multiplied.
        classes: that it was trained on.
    """

    def __init__(self, width: float, classes: int) -> None:
        super().__init__()
        channels = [in_eights(STEM * width), *(in_eights(block.channels * width) for block in BLOCKS)]
        last, hidden = LAST_EXPANSION * channels[-1], in_eights(HIDDEN * width)
        self.features = nn.Sequential(
            Convolution(1, channels[0], 3, 2, activation=nn.Hardswish),
            *(InvertedResidual(before, block, width) for before, block in zip(channels, BLOCKS, strict=False)),
            Convolution(channels[-1], last, activation=nn.Hardswish),
        )
        self.classifier = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(last, hidden),
            nn.Hardswish(),
            nn.Identity(),  # in the place of the dropout, so that the last layer has its published number
            nn.Linear(hidden, classes),
        )

    def fuse(self) -> None:
        """Make the batch norms a part of the convolutions; the weights must be there."""
        for module in self.modules():
            if isinstance(module, Convolution):
                module.fuse()

    def forward(self, spectrogram: Tensor) -> Tensor:
        logits: Tensor = self.classifier(self.features(spectrogram))
        return logits
