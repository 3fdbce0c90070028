"""Differentiable resampling by a rational factor: steering needs the gradient from a tagger's rate to the generator's.

The filter is a sinc with a Hann window: `ZERO_CROSSINGS` zero crossings on either side, and a cut-off at `ROLLOFF` of
the lower Nyquist frequency, evaluated for each output phase (Smith, "Digital Audio Resampling", CCRMA). These are the
parameters of torchaudio's default kernel, which TagBox uses. Files are resampled with soxr instead.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

ZERO_CROSSINGS = 6
ROLLOFF = 0.99


class Resampler(nn.Module):
    """`[batch, samples]` at `rate_in` Hz to `[batch, ceil(samples * rate_out / rate_in)]` at `rate_out` Hz."""

    def __init__(self, rate_in: int, rate_out: int) -> None:
        super().__init__()
        common = math.gcd(rate_in, rate_out)
        self.step, self.phases = rate_in // common, rate_out // common
        cutoff = min(self.step, self.phases) * ROLLOFF
        self.radius = math.ceil(ZERO_CROSSINGS * self.step / cutoff)
        self.register_buffer("kernel", self._kernel(cutoff), persistent=False)
        self.kernel: Tensor

    def _kernel(self, cutoff: float) -> Tensor:
        """One filter for each output phase: `[phases, 1, taps]`."""
        taps = torch.arange(-self.radius, self.radius + self.step, dtype=torch.float64) / self.step
        phase = -torch.arange(self.phases, dtype=torch.float64) / self.phases
        time = ((taps + phase[:, None]) * cutoff).clamp(-ZERO_CROSSINGS, ZERO_CROSSINGS)
        hann = torch.cos(time * math.pi / ZERO_CROSSINGS / 2).square()
        return (torch.sinc(time) * hann * cutoff / self.step).unsqueeze(1)

    def forward(self, signal: Tensor) -> Tensor:
        if self.step == self.phases:
            return signal
        samples = signal.shape[-1]
        padded = F.pad(signal, (self.radius, self.radius + self.step))
        by_phase = F.conv1d(padded.unsqueeze(1), self.kernel.to(signal.dtype), stride=self.step)
        interleaved = by_phase.transpose(1, 2).reshape(len(signal), -1)
        return interleaved[:, : -(-samples * self.phases // self.step)]
