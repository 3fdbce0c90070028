"""The errors that the training of a codec lowers, relative to the power of the excerpt.

So quiet music counts as much as loud music, as in a signal-to-noise ratio.
"""

import torch
from torch import Tensor

SPECTRAL_FFT_SIZES = (2048, 1024, 512)
QUIETEST_POWER = 1e-4
"""-40 dB of full scale: below, an excerpt's error is no longer taken relative to its own power."""


def relative_error(target: Tensor, estimate: Tensor) -> Tensor:
    """Mean over the batch of error power over target power; `[batch, samples]` each."""
    power = target.square().mean(dim=1).clamp(min=QUIETEST_POWER)
    return ((target - estimate).square().mean(dim=1) / power).mean()


def spectral_error(target: Tensor, estimate: Tensor) -> Tensor:
    """Relative error of STFT magnitudes (spectral convergence), mean over batch and FFT sizes."""
    losses = []
    for n_fft in SPECTRAL_FFT_SIZES:
        window = torch.hann_window(n_fft, device=target.device)
        of_target, of_estimate = (
            # A floor inside the root keeps its gradient finite where a bin is silent.
            torch.stft(s, n_fft, n_fft // 4, window=window, return_complex=True).abs().square().add(1e-8).sqrt()
            for s in (target, estimate)
        )
        difference = torch.linalg.vector_norm(of_target - of_estimate, dim=(1, 2))
        losses.append((difference / torch.linalg.vector_norm(of_target, dim=(1, 2)).clamp(min=1e-2 * n_fft)).mean())
    return torch.stack(losses).mean()
