"""Jukebox's VQ-VAE, one level of it, written from its paper and hyper-parameters.

Dhariwal et al., "Jukebox: A Generative Model for Music", 2020, arXiv 2005.00341 (section 3.1 and
table 4). The tensors carry the names of the official checkpoint, so that its state dict loads
unchanged; the architecture (width, depth, strides, codes) is read from the tensors' shapes.
The code is ours and MIT; the official weights are OpenAI's, for non-commercial use only.
"""

import re
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from stemsteer.errors import UserError
from stemsteer.generators.jukebox import cpu_decoder
from stemsteer.generators.jukebox.architecture import Architecture
from stemsteer.generators.jukebox.codebook import Codebook
from stemsteer.generators.jukebox.layers import DecoderBlock, EncoderBlock


class Encoder(nn.Module):
    """Audio `[batch, 1, samples]` to continuous latents `[batch, latent_channels, samples / hop]`."""

    def __init__(self, shape: Architecture) -> None:
        super().__init__()
        self.level_blocks = nn.ModuleList(
            EncoderBlock(shape.latent_channels if index else 1, halvings, shape)
            for index, halvings in enumerate(shape.halvings)
        )

    def forward(self, audio: Tensor) -> Tensor:
        hidden = audio
        for block in self.level_blocks:
            hidden = block(hidden)
        return hidden


class Decoder(nn.Module):
    """Latents `[batch, latent_channels, frames]` to audio `[batch, 1, frames * hop]`."""

    def __init__(self, shape: Architecture) -> None:
        super().__init__()
        self.level_blocks = nn.ModuleList(DecoderBlock(halvings, shape) for halvings in shape.halvings)
        self.out = nn.Conv1d(shape.latent_channels, 1, kernel_size=3, padding=1)

    def forward(self, latents: Tensor) -> Tensor:
        trained = torch.is_grad_enabled() and any(weight.requires_grad for weight in self.parameters())
        if latents.device.type == "cpu" and not trained:
            return cpu_decoder.decode(self.level_blocks, self.out, latents)
        hidden = latents
        for block in reversed(self.level_blocks):
            hidden = block(hidden)
        return self.out(hidden)


class VQVAE(nn.Module):
    """One level of Jukebox's VQ-VAE."""

    def __init__(self, shape: Architecture) -> None:
        super().__init__()
        self.architecture = shape
        self.encoder = Encoder(shape)
        self.decoder = Decoder(shape)
        self.codebook = Codebook(shape.codes, shape.latent_channels)

    def encode(self, audio: Tensor) -> Tensor:
        """Continuous latents `[batch, latent_channels, samples / hop]` of audio `[batch, samples]`.

        The number of samples must be a multiple of the hop.
        """
        return self.encoder(audio.unsqueeze(1))

    def quantise(self, latents: Tensor) -> Tensor:
        """The nearest codes, through which the gradient passes as through the identity (straight-through)."""
        return self.codebook.straight_through(latents, self.codebook.nearest(latents))

    def decode(self, latents: Tensor) -> Tensor:
        """Audio `[batch, frames * hop]` of latents `[batch, latent_channels, frames]`, quantised or not."""
        return self.decoder(latents).squeeze(1)

    def checkpoint(self) -> dict[str, Tensor]:
        """The tensors under the names of the official checkpoint, as its bottom level."""
        return {_official_name(name, level=0): tensor for name, tensor in self.state_dict().items()}


def from_checkpoint(tensors: Mapping[str, Tensor], level: int) -> VQVAE:
    """Build one level of a VQ-VAE from a state dict in the official format.

    Every tensor of the level must be there and have the shape that the others imply; tensors of the
    other levels are left alone.

    Raises:
        UserError: the state dict is not one of a Jukebox VQ-VAE, or has no such level.
    """
    plain = {name.removeprefix("module."): tensor for name, tensor in tensors.items()}
    try:
        model = VQVAE(_architecture(plain, level))
        wanted = {name: plain[_official_name(name, level)] for name in model.state_dict()}
        model.load_state_dict(wanted, strict=True)
    except (KeyError, ValueError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[0]
        raise UserError(f"the weights do not hold level {level} of a Jukebox VQ-VAE ({reason})") from error
    return model


def _official_name(name: str, level: int) -> str:
    """Our tensor's name in the official checkpoint, which holds all levels."""
    part, rest = name.split(".", 1)
    return {
        "encoder": f"encoders.{level}.{rest}",
        "decoder": f"decoders.{level}.{rest}",
        "codebook": f"bottleneck.level_blocks.{level}.{rest}",
    }[part]


def _architecture(tensors: Mapping[str, Tensor], level: int) -> Architecture:
    codes, latent_channels = tensors[f"bottleneck.level_blocks.{level}.k"].shape
    first = f"encoders.{level}.level_blocks.0.model.0"
    halvings = tuple(
        _count(tensors, rf"encoders\.{level}\.level_blocks\.{block}\.model\.(\d+)\.0\.weight")
        for block in range(level + 1)
    )
    return Architecture(
        width=tensors[f"{first}.0.weight"].shape[0],
        depth=_count(tensors, re.escape(first) + r"\.1\.model\.(\d+)\.model\.1\.weight"),
        halvings=halvings,
        latent_channels=latent_channels,
        codes=codes,
    )


def _count(tensors: Mapping[str, Tensor], pattern: str) -> int:
    return len({match.group(1) for name in tensors if (match := re.fullmatch(pattern, name))})
