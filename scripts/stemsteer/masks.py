"""The mask that a steered signal makes of a mixture (TagBox, arXiv 2110.13071, Algorithm 1).

M = |J| / (max(|J|, |X|) + eps), s = ISTFT(M X): where the steered signal J is as loud as the mixture X or louder,
the mixture passes; where it is quieter, the mixture is attenuated to its level. The phase is the mixture's.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

EPSILON = 1e-8


def window(n_fft: int, like: Tensor) -> Tensor:
    """Square root of a periodic Hann window: used twice, at a hop of n_fft / 2, it overlap-adds to one."""
    return torch.hann_window(n_fft, dtype=like.dtype, device=like.device).sqrt()


def stft(signal: Tensor, n_fft: int) -> Tensor:
    """Complex spectrogram `[batch, n_fft / 2 + 1, frames]` of `[batch, samples]`; around the signal are zeros."""
    hop = n_fft // 2
    # To whole hops, so that two windows meet over every sample: where only the edge of one lies over the signal's end,
    # the inverse divides what the mask has spread by next to nothing, and the end is a click.
    whole = F.pad(signal, (0, -signal.shape[-1] % hop))
    return torch.stft(
        whole, n_fft, hop, window=window(n_fft, signal), center=True, pad_mode="constant", return_complex=True
    )


def istft(spectrogram: Tensor, n_fft: int, samples: int) -> Tensor:
    """The `[batch, samples]` whose `stft` this is."""
    return torch.istft(
        spectrogram, n_fft, n_fft // 2, window=window(n_fft, spectrogram.real), center=True, length=samples
    )


def mask(steered: Tensor, mixture: Tensor) -> Tensor:
    """The mask, between 0 and 1, of two spectrograms of one shape."""
    steered_magnitude = steered.abs()
    return steered_magnitude / (torch.maximum(steered_magnitude, mixture.abs()) + EPSILON)


def masked(steered: Tensor, mixture_spectrogram: Tensor, n_fft: int) -> Tensor:
    """The part of a mixture that `steered` `[batch, samples]` lets through, at one FFT size: `[batch, samples]`.

    `mixture_spectrogram` is the mixture's `stft` at that size; the mixture is as long as the steered signal.
    """
    return istft(mask(stft(steered, n_fft), mixture_spectrogram) * mixture_spectrogram, n_fft, steered.shape[-1])
