"""The front end: from waveform to the logarithms of mel bands, differentiable.

The bands are Kaldi's: triangles that are straight on the mel scale, and not in Hz as those of other front ends.
"""

import torch
from torch import Tensor, nn

SAMPLE_RATE = 32000  # Hz
N_FFT, FRAME, HOP = 1024, 800, 320  # samples; the frames are shorter than the transform
MELS = 128
HIGHEST = 15000.0  # Hz
EMPHASIS = 0.97  # of the sample before, which is subtracted from each sample
FLOOR = 1e-5  # is added to the power of a band
MEAN, SPREAD = -4.5, 5.0  # of the logarithms, by which the networks' input is normalised


def mel_filterbank() -> Tensor:
    """Triangular filters of height 1, float64 `[bands, N_FFT // 2 + 1]`, from 0 to 15,000 Hz."""
    bins = _mels(torch.linspace(0, SAMPLE_RATE / 2, N_FFT // 2 + 1, dtype=torch.float64))
    highest = float(_mels(torch.tensor(HIGHEST, dtype=torch.float64)))
    corners = torch.linspace(0, highest, MELS + 2, dtype=torch.float64)
    low, centre, high = (corners[start : start + MELS, None] for start in range(3))
    return torch.minimum((bins - low) / (centre - low), (high - bins) / (high - centre)).clamp(min=0)


def _mels(hz: Tensor) -> Tensor:
    """Kaldi's mel scale, which is HTK's."""
    return 1127 * torch.log1p(hz / 700)


class LogMel(nn.Module):
    """Normalised logarithms `[batch, 1, bands, frames]` of audio `[batch, samples]`; frames = 1 + (samples - 1) // hop.

    Frames are centred on every 320th sample, beginning with the first. The emphasised audio is mirrored before its
    start and after its end.
    """

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("window", torch.hann_window(FRAME, periodic=False, dtype=torch.float64).float())
        self.register_buffer("filterbank", mel_filterbank().float())
        self.window: Tensor
        self.filterbank: Tensor

    def forward(self, audio: Tensor) -> Tensor:
        emphasised = audio[:, 1:] - EMPHASIS * audio[:, :-1]
        spectrum = torch.stft(emphasised, N_FFT, HOP, FRAME, self.window, return_complex=True)
        power = spectrum.real.square() + spectrum.imag.square()
        return ((torch.log(self.filterbank @ power + FLOOR) - MEAN) / SPREAD).unsqueeze(1)
