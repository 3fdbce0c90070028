"""Jukebox's VQ-VAE, one level of it, written from its paper and hyper-parameters.

Dhariwal et al., "Jukebox: A Generative Model for Music", 2020, arXiv 2005.00341 (section 3.1 and
table 4). The tensors carry the names of the official checkpoint, so that its state dict loads
unchanged; the architecture (width, depth, strides, codes) is read from the tensors' shapes.
The code is ours and MIT; the official weights are OpenAI's, for non-commercial use only.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from stemsteer.errors import UserError
from stemsteer.generators.jukebox import cpu_decoder

STRIDE = 2
DILATION_GROWTH = 3
# So many frames are compared with all codes at once. With 2,048 codes 128 frames have 1 MB of distances, which a core's
# cache can hold; a GPU would be kept busy by starting work in such small pieces.
FRAMES_PER_SEARCH, FRAMES_PER_SEARCH_ON_GPU = 128, 16384


@dataclass(frozen=True)
class Architecture:
    """The shape of one level: what its tensors' shapes say.

    `halvings` has one entry for each block between the audio and the level's latents: how often that
    block halves the rate. Jukebox's levels have (3,), (3, 2) and (3, 2, 2): hops of 8, 32 and 128 samples.
    """

    width: int
    depth: int
    halvings: tuple[int, ...] = (3,)
    latent_channels: int = 64
    codes: int = 2048

    @property
    def hop(self) -> int:
        """Samples of audio for one latent frame."""
        return int(STRIDE ** sum(self.halvings))

    @property
    def receptive_radius(self) -> int:
        """Samples on either side of a latent frame that can reach it, rounded up to whole hops."""
        reach_of_residual_stack = sum(DILATION_GROWTH**i for i in range(self.depth))
        steps = [STRIDE**i for i in range(1, sum(self.halvings) + 1)]
        # Each stage adds its strided convolution's reach (two of its steps) to the residual stack's;
        # the width-3 convolutions at the latents' end of each block add one frame of that block.
        radius = sum((reach_of_residual_stack + 2) * step for step in steps) + len(self.halvings) * self.hop
        return -(-radius // self.hop) * self.hop


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
            return cpu_decoder.decode(self, latents)
        hidden = latents
        for block in reversed(self.level_blocks):
            hidden = block(hidden)
        return self.out(hidden)


class Codebook(nn.Module):
    """The codes `k` `[codes, latent_channels]` and the search for the nearest one."""

    def __init__(self, codes: int, channels: int) -> None:
        super().__init__()
        self.register_buffer("k", torch.zeros(codes, channels))
        self.k: Tensor

    @torch.no_grad()
    def nearest(self, latents: Tensor) -> Tensor:
        """Index of the code nearest to each frame: `[batch, latent_channels, frames]` to int64 `[batch, frames]`."""
        batch, channels, frames = latents.shape
        points = latents.permute(0, 2, 1).reshape(-1, channels)
        # The nearest code has the largest k.x - |k|^2 / 2; |x|^2 is the same for all codes.
        minus_half_norms = self.k.square().sum(dim=1) / -2
        transposed = self.k.T.contiguous()
        at_once = FRAMES_PER_SEARCH if points.device.type == "cpu" else FRAMES_PER_SEARCH_ON_GPU
        # On a CPU max() finds the place twice as fast as argmax().
        found = [torch.addmm(minus_half_norms, part, transposed).max(dim=1).indices for part in points.split(at_once)]
        return torch.cat(found).view(batch, frames)

    def lookup(self, codes: Tensor) -> Tensor:
        """The latents of codes: `[batch, frames]` to `[batch, latent_channels, frames]`."""
        return F.embedding(codes, self.k).permute(0, 2, 1)

    def straight_through(self, latents: Tensor, codes: Tensor) -> Tensor:
        """The latents of codes, through which the gradient passes to `latents` as through the identity."""
        return latents + (self.lookup(codes) - latents).detach()


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
