"""The mask that a steered signal makes of a mixture (TagBox, arXiv 2110.13071, Algorithm 1).

M = |J| / (max(|J|, |X|) + eps), s = ISTFT(M X): where the steered signal J is as loud as the mixture X or louder,
the mixture passes; where it is quieter, the mixture is attenuated to its level. The phase is the mixture's.
"""

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from stemsteer.errors import UserError

EPSILON = 1e-8

# What lies around the signal. `zeros`: silence, and a last part of a hop is filled up with it. `reflect`: the signal
# mirrored, and nothing is filled up, as in TagBox's code, where the end can click (see `_whole_hops`).
Edges = Literal["zeros", "reflect"]


def window(n_fft: int, like: Tensor) -> Tensor:
    """Square root of a periodic Hann window: used twice, at a hop of n_fft / 2, it overlap-adds to one."""
    return torch.hann_window(n_fft, dtype=like.dtype, device=like.device).sqrt()


def stft(signal: Tensor, n_fft: int, edges: Edges = "zeros") -> Tensor:
    """Complex spectrogram `[batch, n_fft / 2 + 1, frames]` of `[batch, samples]`.

    Raises:
        UserError: the signal is too short to be mirrored.
    """
    hop = n_fft // 2
    if edges == "reflect" and signal.shape[-1] <= hop:
        raise UserError(
            f"mask.edges: reflect needs more than {hop} samples for an FFT of {n_fft}, and there are "
            f"{signal.shape[-1]}: set mask.edges: zeros"
        )
    return torch.stft(
        signal if edges == "reflect" else _whole_hops(signal, hop),
        n_fft,
        hop,
        window=window(n_fft, signal),
        center=True,
        pad_mode="reflect" if edges == "reflect" else "constant",
        return_complex=True,
    )


def _whole_hops(signal: Tensor, hop: int) -> Tensor:
    """Filled up with zeros, so that two windows meet over every sample.

    Where only the edge of one lies over the signal's end, the inverse divides what the mask has spread by next to
    nothing, and the end is a click.
    """
    return F.pad(signal, (0, -signal.shape[-1] % hop))


def istft(spectrogram: Tensor, n_fft: int, samples: int) -> Tensor:
    """The `[batch, samples]` whose `stft` this is."""
    return torch.istft(
        spectrogram, n_fft, n_fft // 2, window=window(n_fft, spectrogram.real), center=True, length=samples
    )


def mask(steered: Tensor, compared: Tensor) -> Tensor:
    """The mask, between 0 and 1, of a steered spectrogram and the one that it is compared with, of one shape."""
    steered_magnitude = steered.abs()
    return steered_magnitude / (torch.maximum(steered_magnitude, compared.abs()) + EPSILON)


def masked(steered: Tensor, compared: Tensor, passing: Tensor, n_fft: int, edges: Edges = "zeros") -> Tensor:
    """What `steered` `[batch, samples]` lets through at one FFT size: `[batch, samples]`.

    `compared` and `passing` are spectrograms at that size, by `stft` with the same edges: the one that the steered
    signal is compared with, and the one that the mask is applied to; both of signals as long as the steered one. In
    Algorithm 1 both are the mixture's.
    """
    return istft(mask(stft(steered, n_fft, edges), compared) * passing, n_fft, steered.shape[-1])
