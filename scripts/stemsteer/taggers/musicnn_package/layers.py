"""Layers that take their weights from the tensors of a TensorFlow checkpoint, and keep them in PyTorch's order."""

from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import skip_init

from stemsteer.taggers.musicnn_package.weights import Weights

BATCH_NORM_EPSILON = 1e-3  # TensorFlow's

Norm = TypeVar("Norm", nn.BatchNorm1d, nn.BatchNorm2d)


class Block(nn.Module):
    """Convolution, rectifier, batch norm and max pooling, computed in the order convolution, pooling, rectifier, norm.

    The result is the same, because rectifier and norm act on each number alone and keep their order, and it is much
    cheaper, because they act on the numbers that pooling leaves. A norm with a negative scale reverses the order: there
    the sign of the kernel is reversed, too, so that pooling finds the number that becomes the largest.

    Args:
        weights: of the network.
        name: of the convolution among them.
        norm: number of the batch norm.
        axes: order of the kernel's axes, stored as `[frames, mels, in, out]`, that makes it `[out, in, height, width]`.
        padding: of the convolution, `(height, width)`.
        pool: the pooling.
    """

    def __init__(
        self,
        weights: Weights,
        name: str,
        norm: int,
        axes: tuple[int, int, int, int],
        padding: tuple[int, int] = (0, 0),
        pool: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        super().__init__()
        kernel, bias = weights[f"{name}/kernel"].permute(axes), weights[f"{name}/bias"]
        self.norm = batch_norm(weights, norm, nn.BatchNorm2d)
        self.register_buffer("signs", torch.where(self.norm.weight < 0, -1.0, 1.0).reshape(-1, 1, 1))
        self.signs: Tensor
        self.convolution = skip_init(nn.Conv2d, kernel.shape[1], kernel.shape[0], kernel.shape[2:], padding=padding)
        self.convolution.load_state_dict(
            {"weight": kernel * self.signs[..., None], "bias": bias * self.signs.flatten()}
        )
        self.pool = pool or nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        pooled = self.pooled(x)
        # In place, where no gradient needs what was there before.
        rectified = F.relu(self.signs * pooled) if torch.is_grad_enabled() else pooled.mul_(self.signs).relu_()
        y: Tensor = self.norm(rectified)
        return y

    def pooled(self, x: Tensor) -> Tensor:
        """The convolution's responses after pooling."""
        responses: Tensor = self.pool(self.convolution(x))
        return responses


def dense(weights: Weights, name: str) -> nn.Linear:
    """A dense layer; TensorFlow stores its kernel as `[in, out]`."""
    kernel = weights[f"{name}/kernel"].T
    layer = skip_init(nn.Linear, kernel.shape[1], kernel.shape[0])
    layer.load_state_dict({"weight": kernel, "bias": weights[f"{name}/bias"]})
    return layer


def batch_norm(weights: Weights, number: int, kind: type[Norm]) -> Norm:
    """The batch norm that the network created as its `number`th, from 0."""
    name = f"batch_normalization_{number}" if number else "batch_normalization"
    layer = kind(len(weights[f"{name}/gamma"]), eps=BATCH_NORM_EPSILON)
    layer.load_state_dict(
        {
            "weight": weights[f"{name}/gamma"],
            "bias": weights[f"{name}/beta"],
            "running_mean": weights[f"{name}/moving_mean"],
            "running_var": weights[f"{name}/moving_variance"],
            "num_batches_tracked": torch.tensor(0),
        }
    )
    return layer
