"""The VQ-VAE's way through two-dimensional convolutions, channels last: the same sums, much faster to train on a CPU.

The libraries below PyTorch are made for pictures: a dilated convolution along one dimension leaves their fast path, and
in half precision the processor's matrix units. As a picture of height 1, with the channels of a frame side by side in
memory, it takes that path forwards and backwards. The weights are the VQ-VAE's own, seen as kernels of height 1.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from stemsteer.generators.jukebox.layers import ResidualBlock
from stemsteer.generators.jukebox.vqvae import VQVAE


def encode(model: VQVAE, audio: Tensor) -> Tensor:
    """As `VQVAE.encode`: audio `[batch, samples]` to latents `[batch, latent_channels, samples / hop]`."""
    return _through(model.encoder.level_blocks, _picture(audio.unsqueeze(1))).squeeze(2)


def decode(model: VQVAE, latents: Tensor) -> Tensor:
    """As `VQVAE.decode`: latents `[batch, latent_channels, frames]` to audio `[batch, frames * hop]`."""
    hidden = _picture(latents)
    for block in reversed(model.decoder.level_blocks):
        hidden = _through(block, hidden)
    return _through(model.decoder.out, hidden).flatten(1)


def _picture(signal: Tensor) -> Tensor:
    return signal.unsqueeze(2).contiguous(memory_format=torch.channels_last)


def _through(module: nn.Module, hidden: Tensor) -> Tensor:
    """The module's output for a picture `[batch, channels, 1, frames]`."""
    if isinstance(module, nn.Conv1d | nn.ConvTranspose1d):
        return _convolved(module, hidden)
    if isinstance(module, nn.ReLU):
        return F.relu(hidden)
    if isinstance(module, ResidualBlock):
        return hidden + _through(module.model, hidden)
    for part in module.children():
        hidden = _through(part, hidden)
    return hidden


def _convolved(layer: nn.Conv1d | nn.ConvTranspose1d, hidden: Tensor) -> Tensor:
    assert isinstance(layer.padding, tuple)
    kernel = layer.weight.unsqueeze(2)
    (stride,), (padding,), (dilation,) = layer.stride, layer.padding, layer.dilation
    if isinstance(layer, nn.ConvTranspose1d):
        return F.conv_transpose2d(hidden, kernel, layer.bias, (1, stride), (0, padding))
    return F.conv2d(hidden, kernel, layer.bias, (1, stride), (0, padding), (1, dilation))
