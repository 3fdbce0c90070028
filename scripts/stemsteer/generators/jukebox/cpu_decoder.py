"""The decoder on a CPU, differentiable with respect to the latents alone: the sums of its modules, arranged for speed.

Signals are time-major, `[frames, channels]`, so that a convolution is a few matrix products of shifted rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from stemsteer.generators.jukebox.layers import ResidualStack
from stemsteer.generators.jukebox.residual_flow import Block, residual_stack


def decode(level_blocks: nn.ModuleList, out: nn.Conv1d, latents: Tensor) -> Tensor:
    """What a decoder makes of latents `[batch, latent_channels, frames]`: audio `[batch, 1, frames * hop]`.

    `level_blocks` are the decoder's blocks, which are applied in the reverse order, and `out` its last convolution.
    """
    return torch.stack([_decode(level_blocks, out, excerpt.T.contiguous()) for excerpt in latents]).unsqueeze(1)


def _decode(level_blocks: nn.ModuleList, out: nn.Conv1d, hidden: Tensor) -> Tensor:
    """Latents `[frames, latent_channels]` to audio `[samples]`."""
    parts: list[Any] = []
    for level_block in reversed(list(level_blocks)):
        convolution, *stages = cast(Any, level_block).model
        parts += [convolution, *(part for stage in stages for part in stage)]
    for part in parts[:-1]:
        if isinstance(part, nn.Conv1d):
            hidden = _convolved(hidden, part)
        elif isinstance(part, nn.ConvTranspose1d):
            hidden = _doubled(hidden, part)
        else:
            hidden = residual_stack(hidden, _blocks(part))
    return _audio(hidden, parts[-1], out)


def _blocks(stack: ResidualStack) -> list[Block]:
    weights = []
    for _, convolution, _, mix in (cast(Any, block).model for block in stack.model):
        taps = convolution.weight.detach().permute(2, 1, 0).contiguous()
        mixing = mix.weight.detach()[:, :, 0].T.contiguous()
        weights.append(Block(convolution.dilation[0], taps, convolution.bias.detach(), mixing, mix.bias.detach()))
    return weights


def _bias(convolution: nn.Conv1d | nn.ConvTranspose1d) -> Tensor:
    assert convolution.bias is not None
    return convolution.bias.detach()


@dataclass(frozen=True)
class _Product:
    """To each output frame t of a phase it adds the input's frame t + shift times `weight` `[in, out]`."""

    weight: Tensor
    shift: int
    phase: int = 0


def _convolved(hidden: Tensor, convolution: nn.Conv1d) -> Tensor:
    taps = convolution.weight.detach().permute(2, 1, 0).contiguous()
    products = [_Product(tap, shift) for tap, shift in zip(taps, (-1, 0, 1), strict=True)]
    return _ShiftedProducts.apply(hidden, products, _bias(convolution), 1)


def _doubled(hidden: Tensor, transposed: nn.ConvTranspose1d) -> Tensor:
    """Kernel 4, stride 2: an even frame has something of the input's frame before it, an odd one of the frame after."""
    taps = transposed.weight.detach().permute(2, 0, 1).contiguous()
    products = [_Product(taps[1], 0, 0), _Product(taps[3], -1, 0), _Product(taps[2], 0, 1), _Product(taps[0], 1, 1)]
    return _ShiftedProducts.apply(hidden, products, _bias(transposed), 2)


class _ShiftedProducts(torch.autograd.Function):
    """The sum of products of shifted frames, beyond which is silence: `[frames, in]` to `[frames * phases, out]`."""

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, products: Sequence[_Product], bias: Tensor, phases: int) -> Tensor:
        summed = bias.repeat(len(hidden) * phases, 1)
        by_phase = summed.unflatten(0, (-1, phases))
        for product in products:
            _add_product(by_phase[:, product.phase], hidden, product.weight, product.shift)
        ctx.products = products
        ctx.phases = phases
        return summed

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        by_phase = gradient.unflatten(0, (-1, ctx.phases))
        summed = gradient.new_zeros(len(by_phase), len(ctx.products[0].weight))
        for product in ctx.products:
            _add_product(summed, by_phase[:, product.phase], product.weight.T, -product.shift)
        return summed, None, None, None


def _add_product(summed: Tensor, frames: Tensor, weight: Tensor, shift: int) -> None:
    shared = len(summed) - abs(shift)
    summed[max(-shift, 0) :][:shared].addmm_(frames[max(shift, 0) :][:shared], weight)


def _audio(hidden: Tensor, transposed: nn.ConvTranspose1d, out: nn.Conv1d) -> Tensor:
    """The last doubling and the convolution to one channel `[2 * frames]`.

    Nothing lies between the two, so each tap of the second is multiplied into the first.
    """
    weight = torch.einsum("imk,mj->ikj", transposed.weight.detach(), out.weight.detach()[0])
    products = (hidden @ weight.flatten(1)).unflatten(1, weight.shape[1:])  # [frames, 4, 3]
    overlapping = F.pad(products[:, :2], (0, 0, 0, 0, 0, 1)) + F.pad(products[:, 2:], (0, 0, 0, 0, 1, 0))
    doubled = overlapping.flatten(0, 1)[1:-1] + _bias(transposed) @ out.weight.detach()[0]
    before, here, after = doubled.unbind(1)
    return F.pad(before[:-1], (1, 0)) + here + F.pad(after[1:], (0, 1)) + _bias(out)
