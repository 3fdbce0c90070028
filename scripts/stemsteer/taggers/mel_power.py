"""Mel bands: from waveform to mel bands (of Slaney's scale), differentiable."""

import math

import torch
from torch import Tensor, nn

from stemsteer.taggers.power_spectrogram import power_spectrogram

# Slaney's mel scale ("Auditory Toolbox", 1998), as librosa defines it: linear up to 1 kHz, then logarithmic.
LINEAR_HZ_PER_MEL = 200 / 3
LOG_START_HZ = 1000.0
LOG_START_MEL = LOG_START_HZ / LINEAR_HZ_PER_MEL
LOG_STEP = math.log(6.4) / 27


def hz_to_mel(hz: float) -> float:
    """Slaney's mel scale."""
    if hz < LOG_START_HZ:
        return hz / LINEAR_HZ_PER_MEL
    return LOG_START_MEL + math.log(hz / LOG_START_HZ) / LOG_STEP


def mel_to_hz(mels: Tensor) -> Tensor:
    """Inverse of `hz_to_mel`, element by element."""
    logarithmic = LOG_START_HZ * torch.exp(LOG_STEP * (mels - LOG_START_MEL))
    return torch.where(mels < LOG_START_MEL, mels * LINEAR_HZ_PER_MEL, logarithmic)


def mel_filterbank(sample_rate: int, n_fft: int, mels: int) -> Tensor:
    """Triangular filters of equal area, float64 `[mels, n_fft // 2 + 1]`, from 0 Hz to the Nyquist frequency."""
    bins = torch.linspace(0, sample_rate / 2, n_fft // 2 + 1, dtype=torch.float64)
    corners = mel_to_hz(torch.linspace(0, hz_to_mel(sample_rate / 2), mels + 2, dtype=torch.float64))
    low, centre, high = (corners[start : start + mels, None] for start in range(3))
    triangles = torch.minimum((bins - low) / (centre - low), (high - bins) / (high - centre)).clamp(min=0)
    return triangles * 2 / (high - low)


class MelPower(nn.Module):
    """Mel power spectrogram: `[batch, samples]` to `[batch, frames, mels]`, frames = 1 + (samples - n_fft) // hop.

    A periodic Hann window of n_fft samples; the signal is not padded.
    """

    def __init__(self, sample_rate: int, n_fft: int, hop: int, mels: int) -> None:
        super().__init__()
        self.hop = hop
        self.register_buffer("hann", torch.hann_window(n_fft, dtype=torch.float64))
        self.register_buffer("filterbank", mel_filterbank(sample_rate, n_fft, mels))
        self.hann: Tensor
        self.filterbank: Tensor

    def forward(self, audio: Tensor) -> Tensor:
        return power_spectrogram(audio, self.hann, self.hop) @ self.filterbank.T
