"""Algorithm 1 of TagBox's paper (arXiv 2110.13071), written out plainly: slow, and obviously right.

Nothing here is StemSteer's: the codec is jukebox-infer's VQ-VAE, the tagger any function from 16 kHz audio to tag
probabilities; spectrograms, resampling, cross entropy and Adam are spelled out frame by frame and term by term. All is
float64 and one signal at a time.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jukebox_infer.vqvae.vqvae import VQVAE
from torch import Tensor

EPSILON = 1e-8


@dataclass
class Outcome:
    """The losses before every step and after the last, and the output `[samples]`: x - ISTFT(M X)."""

    losses: list[float]
    residual: Tensor


def algorithm_one(
    mixture: Tensor,
    codec: VQVAE,
    tagger: Callable[[Tensor], Tensor],
    wanted: list[int],
    fft_sizes: list[int],
    learning_rate: float,
    steps: int,
) -> Outcome:
    """Steer the bottom level of `codec` on a `mixture` `[samples]` at 44.1 kHz.

    `tagger` gives the probabilities `[tags]` of audio at 16 kHz.
    """
    codebook = codec.bottleneck.level_blocks[0].k
    whole = torch.cat([mixture, torch.zeros(-len(mixture) % 8, dtype=mixture.dtype)])
    latents = codec.encoders[0](whole[None, None])[-1].detach()
    mean, square = torch.zeros_like(latents), torch.zeros_like(latents)
    losses = []
    for step in range(1, steps + 2):
        latents.requires_grad_(True)
        frames = latents[0].T
        nearest = torch.stack([codebook[(codebook - frame).square().sum(dim=1).argmin()] for frame in frames.detach()])
        quantised = frames + (nearest - frames).detach()
        steered = codec.decoders[0]([quantised.T[None]], all_levels=False)[0, 0, : len(mixture)]
        masked = [mask(mixture, steered, n_fft) for n_fft in fft_sizes]
        loss = sum(cross_entropy(tagger(to_16_khz(signal)), wanted) for signal in masked) / len(masked)
        losses.append(loss.item())
        if step > steps:
            break
        (gradient,) = torch.autograd.grad(loss, latents)
        # Adam: Kingma and Ba, arXiv 1412.6980, Algorithm 1.
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.999 * square + 0.001 * gradient**2
        corrected_mean, corrected_square = mean / (1 - 0.9**step), square / (1 - 0.999**step)
        latents = latents.detach() - learning_rate * corrected_mean / (corrected_square.sqrt() + 1e-8)
    return Outcome(losses, (mixture - sum(masked) / len(masked)).detach())


def mask(mixture: Tensor, steered: Tensor, n_fft: int) -> Tensor:
    """ISTFT(M X) with M = |J| / (max(|J|, |X|) + eps), frame by frame; square-root Hann windows, half overlapping."""
    hop = n_fft // 2
    window = torch.sin(torch.pi * torch.arange(n_fft, dtype=mixture.dtype) / n_fft)
    number = -(-len(mixture) // hop) + 1
    mixture_with_silence, steered_with_silence = torch.zeros(2, (number + 1) * hop, dtype=mixture.dtype)
    mixture_with_silence[hop : hop + len(mixture)] = mixture
    steered_with_silence = torch.cat([steered_with_silence[:hop], steered, steered_with_silence[hop + len(mixture) :]])
    output = torch.zeros_like(mixture_with_silence)
    for frame in range(number):
        place = slice(frame * hop, frame * hop + n_fft)
        x = torch.fft.rfft(window * mixture_with_silence[place])
        j = torch.fft.rfft(window * steered_with_silence[place])
        share = j.abs() / (torch.maximum(j.abs(), x.abs()) + EPSILON)
        heard = window * torch.fft.irfft(share * x)
        output = output + torch.cat([output[: place.start] * 0, heard, output[place.stop :] * 0])
    return output[hop : hop + len(mixture)]


def to_16_khz(signal: Tensor) -> Tensor:
    """Every output sample is a sum over all input samples, weighted by a windowed sinc of six zero crossings."""
    times = torch.arange(-(-len(signal) * 160 // 441), dtype=signal.dtype) * 441 / 160
    distance = (times[:, None] - torch.arange(len(signal), dtype=signal.dtype)) * 0.99 * 160 / 441
    kernel = torch.sinc(distance) * torch.cos(torch.pi * distance / 12) ** 2 * (distance.abs() < 6)
    return 0.99 * 160 / 441 * kernel @ signal


def cross_entropy(probabilities: Tensor, wanted: list[int]) -> Tensor:
    """Binary cross entropy, mean over the tags: the wanted ones should be heard, all others not."""
    terms = [-(p.log() if tag in wanted else (1 - p).log()) for tag, p in enumerate(probabilities)]
    return torch.stack(terms).mean()
