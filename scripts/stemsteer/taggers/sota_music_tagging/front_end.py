"""From waveform to mel bands in decibels, differentiable; window and filterbank are part of the published weights."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from stemsteer.taggers.power_spectrogram import power_spectrogram

N_FFT = 512
HOP = 256
BINS = N_FFT // 2 + 1
FLOOR = 1e-10  # the least power, -100 dB; a quieter one has no gradient


def decibels(power: Tensor) -> Tensor:
    """A power in decibels, -100 dB at least."""
    return 10 * torch.log10(power.clamp(min=FLOOR))


class PowerSpectrogram(nn.Module):
    """Power spectrogram `[batch, 257, frames]` of audio `[batch, samples]` and of as many zeros after it as are named.

    Frames are centred on every 256th sample, beginning with the first. The audio is mirrored before its start and after
    its end. Frames that hold only zeros are left out.
    """

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("window", torch.empty(N_FFT))  # a periodic Hann window
        self.window: Tensor

    def forward(self, audio: Tensor, zeros: int = 0) -> Tensor:
        if zeros < N_FFT:
            audio = F.pad(audio, (0, zeros))
            audio = F.pad(audio, (HOP, HOP), mode="reflect")
        else:  # so many that no frame reaches the audio mirrored at the end
            audio = F.pad(audio, (0, HOP + -audio.shape[1] % HOP))
            audio = F.pad(audio, (HOP, 0), mode="reflect")
        return power_spectrogram(audio, self.window, HOP).mT


class MelScale(nn.Module):
    """Mel bands `[batch, bands, frames]` of a power spectrogram `[batch, 257, frames]`.

    The published filters are triangles of height 1 on HTK's mel scale from 0 to 8,000 Hz. The lowest are so narrow that
    one of 128 falls between two bins of the spectrum and is always -100 dB.
    """

    def __init__(self, bands: int) -> None:
        super().__init__()
        self.register_buffer("fb", torch.empty(BINS, bands))
        self.fb: Tensor

    def forward(self, power: Tensor) -> Tensor:
        return (power.mT @ self.fb).mT


class MelDecibels(nn.Module):
    """Mel spectrogram in decibels, `[batch, 1, bands, frames]`, of audio and the zeros after it."""

    def __init__(self, bands: int) -> None:
        super().__init__()
        self.spectrogram = PowerSpectrogram()
        self.mel_scale = MelScale(bands)

    def forward(self, audio: Tensor, zeros: int = 0) -> Tensor:
        return decibels(self.mel_scale(self.spectrogram(audio, zeros))).unsqueeze(1)
