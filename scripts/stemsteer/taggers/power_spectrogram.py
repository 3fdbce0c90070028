"""Power spectrograms whose backward pass costs as little as the forward pass: one transform of a real signal."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


def power_spectrogram(audio: Tensor, window: Tensor, hop: int) -> Tensor:
    """The power `[batch, frames, n_fft // 2 + 1]` of audio `[batch, samples]`; frames = 1 + (samples - n_fft) // hop.

    Args:
        audio: it is not padded.
        window: of n_fft samples.
        hop: a divisor of n_fft, in samples.
    """
    hops = audio[:, : audio.shape[1] // hop * hop].unflatten(1, (-1, hop))
    overlapping = len(window) // hop
    frames = hops.shape[1] - overlapping + 1
    framed = torch.cat([hops[:, start : start + frames] for start in range(overlapping)], dim=2)
    power: Tensor = _Power.apply(framed * window)
    return power


class _Power(torch.autograd.Function):
    """The power `[..., n // 2 + 1]` of the spectrum of real numbers `[..., n]`, n even.

    With the spectrum X[k] = sum over n of x[n] exp(-2 pi i k n / N), the derivative of sum over k of g[k] |X[k]|^2 to
    x[n] is 2 Re(sum over k of g[k] X[k] exp(2 pi i k n / N)). An inverse transform to real numbers is that sum over N,
    except that it counts each bin twice, once for its mirror image, but the first and the last. PyTorch's own
    derivative is a complex transform, which takes three times as long.
    """

    @staticmethod
    def forward(ctx: Any, signal: Tensor) -> Tensor:
        spectrum = torch.fft.rfft(signal)
        ctx.save_for_backward(spectrum)
        return spectrum.real.square() + spectrum.imag.square()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (spectrum,) = ctx.saved_tensors
        length = 2 * (spectrum.shape[-1] - 1)
        gradient = length * gradient
        gradient[..., [0, -1]] *= 2
        return torch.fft.irfft(gradient * spectrum, n=length)
