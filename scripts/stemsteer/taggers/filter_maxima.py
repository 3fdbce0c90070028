"""The best responses of filters to a spectrogram, with a backward pass that costs little on a CPU.

The first convolution of a tagger has many filters, and a max pooling follows it. Its responses are by far the largest
tensor of the network, and the pooling drops nearly all of them. Each response that the pooling keeps depends on one
place of the spectrogram. So the gradient of the spectrogram is the sum of the filters whose responses were kept, each
moved to its place and scaled by the gradient of its response. An embedding bag computes such a weighted sum of the rows
of a table; here the rows are all filters at all places. The gradient of a convolution would also visit all places whose
responses were dropped.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

IN_CACHE = 300_000
"""How many numbers fit into a core's cache."""

FEW = 16
"""Numbers of a filter for which a product, whose result goes to memory, is as fast as a convolution."""


def filter_maxima(
    spectrogram: Tensor,
    kernel: Tensor,
    bias: Tensor,
    padding: tuple[int, int],
    pooling: tuple[int, int],
    stride: tuple[int, int] | None = None,
) -> Tensor:
    """Max pooling of a convolution: `[batch, filters, height', width']`, in channels-last format.

    Args:
        spectrogram: `[batch, 1, height, width]`.
        kernel: `[filters, 1, height, width]`; it gets no gradient.
        bias: `[filters]`; it gets no gradient.
        padding: zeros around the spectrogram.
        pooling: size of the pooling.
        stride: of the pooling; by default its size.
    """
    stride = stride or pooling
    if spectrogram.device.type != "cpu":
        return F.max_pool2d(F.conv2d(spectrogram, kernel, bias, padding=padding), pooling, stride)
    if not torch.is_grad_enabled() and kernel[0].numel() <= FEW:
        return _maxima_alone(spectrogram, kernel, bias, padding, pooling, stride)
    # A patch is the part of the spectrogram that one number of the result depends on.
    rows, columns = kernel.shape[2] + pooling[0] - 1, kernel.shape[3] + pooling[1] - 1
    height = (spectrogram.shape[2] + 2 * padding[0] - rows) // stride[0] + 1
    patches = F.unfold(spectrogram, (rows, columns), padding=padding, stride=stride).mT
    maxima: Tensor = _Maxima.apply(patches.reshape(-1, rows, columns), kernel, bias)
    return maxima.unflatten(0, (len(spectrogram), height, -1)).permute(0, 3, 1, 2)


def _maxima_alone(
    spectrogram: Tensor,
    kernel: Tensor,
    bias: Tensor,
    padding: tuple[int, int],
    pooling: tuple[int, int],
    stride: tuple[int, int],
) -> Tensor:
    """`filter_maxima` where nobody asks which response was the best: a product for all places, in blocks."""
    height, width = kernel.shape[2:]
    # Along an axis without pooling, what the stride leaves out need not be computed.
    steps = [size if pooled == 1 else 1 for size, pooled in zip(stride, pooling, strict=True)]
    left = [size // step for size, step in zip(stride, steps, strict=True)]
    padded = F.pad(spectrogram[:, 0], (padding[1], padding[1], padding[0], padding[0]))
    places = padded.unfold(1, height, steps[0]).unfold(2, width, steps[1])
    filters = kernel.flatten(1).T
    at_once = max(1, IN_CACHE // (places.shape[1] * places.shape[2] * len(kernel)))
    parts = []
    for block in places.split(at_once):
        responses = torch.addmm(bias, block.reshape(-1, height * width), filters).unflatten(0, block.shape[:3])
        parts.append(F.max_pool2d(responses.permute(0, 3, 1, 2), pooling, left))
    return torch.cat(parts)


class _Maxima(torch.autograd.Function):
    """The best response of each filter in each patch: `[patches, rows, columns]` to `[patches, filters]`."""

    @staticmethod
    @torch.amp.custom_fwd(device_type="cpu", cast_inputs=torch.float32)  # type: ignore[untyped-decorator]
    def forward(ctx: Any, patches: Tensor, kernel: Tensor, bias: Tensor) -> Tensor:
        filters, _, height, width = kernel.shape
        places = (patches.shape[1] - height + 1) * (patches.shape[2] - width + 1)
        row_of_first_place = (places - 1) * filters + torch.arange(filters)
        best = patches.new_empty(len(patches), filters)
        rows = torch.empty(best.shape, dtype=torch.int32)
        at_once = max(1, IN_CACHE // (places * filters))
        for start in range(0, len(patches), at_once):
            block = slice(start, start + at_once)
            places_of_patch = patches[block].unfold(1, height, 1).unfold(2, width, 1)
            responses = (places_of_patch.reshape(-1, height * width) @ kernel.flatten(1).T).view(-1, places, filters)
            # The fastest way to find maxima and their places is the max pooling of an image in channels-last format.
            maxima, where = F.max_pool2d(responses.mT[:, :, None], (1, places), return_indices=True)
            best[block] = maxima[:, :, 0, 0] + bias
            rows[block] = row_of_first_place - filters * where[:, :, 0, 0]
        ctx.save_for_backward(rows, kernel)
        ctx.patch = patches.shape[1:]
        return best

    @staticmethod
    @once_differentiable
    @torch.amp.custom_bwd(device_type="cpu")  # type: ignore[untyped-decorator]
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:  # type: ignore[override]
        rows, kernel = ctx.saved_tensors
        moved = _moved(kernel, ctx.patch)
        parts = []
        for part in moved.split(max(1, IN_CACHE // moved[..., 0, :].numel()), dim=3):
            table = part.flatten(0, 2).flatten(1)
            bags = F.embedding_bag(rows, table, per_sample_weights=gradient, mode="sum")
            parts.append(bags.unflatten(1, part.shape[3:]))
        return torch.cat(parts, dim=1), None, None


def _moved(kernel: Tensor, patch: torch.Size) -> Tensor:
    """The filters at all places of a patch, the last place first: `[places, places, filters, *patch]`, a view."""
    (height, width), (rows, columns) = kernel.shape[2:], patch
    padded = F.pad(kernel[:, 0], 2 * (columns - width,) + 2 * (rows - height,))
    return padded.unfold(1, rows, 1).unfold(2, columns, 1).movedim(0, 2)
