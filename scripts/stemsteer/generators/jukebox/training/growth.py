"""A larger codec that begins as good as a smaller one.

Chen, Goodfellow and Shlens, "Net2Net: Accelerating Learning via Knowledge Transfer", ICLR 2016, arXiv 1511.05641. There
channels are copied and shared out; here the added channels are random and nothing old listens to them yet, and the
added blocks add nothing yet, so that the audio is the same but for rounding and every weight still has something to
learn.
"""

import re

import torch
from torch import Tensor, nn

from stemsteer.generators.jukebox.architecture import Architecture
from stemsteer.generators.jukebox.layers import ResidualBlock
from stemsteer.generators.jukebox.vqvae import VQVAE

Convolution = nn.Conv1d | nn.ConvTranspose1d


@torch.no_grad()
def grown(small: VQVAE, shape: Architecture) -> VQVAE:
    """A codec of `shape` with the codes of `small`, which makes the same audio of the same latents.

    Raises:
        ValueError: `shape` is narrower or shallower, or differs in more than width and depth.
    """
    if not can_grow(small.architecture, shape):
        raise ValueError(f"{small.architecture} cannot grow into {shape}")
    large = VQVAE(shape)
    for module in large.modules():
        if isinstance(module, ResidualBlock):
            for parameter in module.model[-1].parameters():
                parameter.zero_()
    added_blocks = shape.depth - small.architecture.depth
    for name, module in small.named_modules():
        if isinstance(module, Convolution):
            _put_into(large.get_submodule(_place(name, added_blocks)), module)
    large.codebook.k.copy_(small.codebook.k)
    return large


def can_grow(small: Architecture, large: Architecture) -> bool:
    """Whether `large` is `small` with more or as many channels and blocks."""
    like_large = Architecture(large.width, large.depth, small.halvings, small.latent_channels, small.codes)
    return like_large == large and small.width <= large.width and small.depth <= large.depth


def _place(name: str, added_blocks: int) -> str:
    """Where the module `name` of the smaller codec has its place: the decoder's blocks of small dilation come last."""

    def moved(match: re.Match[str]) -> str:
        return f"{match[1]}{int(match[2]) + added_blocks}{match[3]}"

    return re.sub(r"^(decoder\.level_blocks\.\d+\.model\.\d+\.0\.model\.)(\d+)(\..*)$", moved, name)


def _put_into(large: nn.Module, small: Convolution) -> None:
    """Let the first channels of a convolution be those of a smaller one, deaf to its other channels."""
    ours, theirs = _outputs_first(large), _outputs_first(small)
    outputs, inputs = theirs.shape[:2]
    ours[:outputs] = 0
    ours[:outputs, :inputs] = theirs
    assert isinstance(large.bias, Tensor)
    assert small.bias is not None
    large.bias[:outputs] = small.bias


def _outputs_first(convolution: nn.Module) -> Tensor:
    """The weights `[outputs, inputs, width]`."""
    assert isinstance(convolution, Convolution)
    return convolution.weight.transpose(0, 1) if isinstance(convolution, nn.ConvTranspose1d) else convolution.weight
