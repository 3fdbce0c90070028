"""Harmonic CNN: filters at the harmonics of all notes, and convolutions, over 5 s. Won et al., ICASSP 2020.

("Data-driven harmonic filters for audio representation learning".)
"""

import torch
from torch import Tensor, nn

from stemsteer.taggers.sota_music_tagging.front_end import BINS, PowerSpectrogram, decibels
from stemsteer.taggers.sota_music_tagging.layers import Convolution2d, PooledResidual2d
from stemsteer.taggers.sota_music_tagging.network import Network

NYQUIST = 8000  # Hz
HARMONICS = 6
LOWEST_NOTE, HIGHEST_NOTE = 24, 88  # MIDI: C1, and E6, whose sixth harmonic is the highest below the Nyquist frequency
NOTES_PER_SEMITONE = 2
NOTES = (HIGHEST_NOTE - LOWEST_NOTE) * NOTES_PER_SEMITONE
# The bandwidth of hearing at a frequency (Glasberg and Moore, 1990), in Hz: alpha * frequency + beta.
ALPHA, BETA = 0.1079, 24.7


class HarmonicSpectrogram(nn.Module):
    """Decibels `[batch, 6 harmonics, 128 notes, frames]` of audio `[batch, samples]` and the zeros after it.

    The bands are triangles.

    Only one number was trained, the quality factor that divides all bandwidths. Around the lowest notes the bands are
    narrower than the distance of the spectrum's bins, so that some contain none and are always -100 dB.
    """

    def __init__(self) -> None:
        super().__init__()
        self.bw_Q = nn.Parameter(torch.ones(1))
        self.spec = PowerSpectrogram()
        self.register_buffer("centres", band_centres(), persistent=False)
        self.register_buffer("bins", torch.linspace(0, NYQUIST, BINS, device="cpu"), persistent=False)
        self.centres: Tensor
        self.bins: Tensor

    def filterbank(self) -> Tensor:
        """The bands' weights `[6 * 128, 257]`: 1 at the centre, 0 at half a bandwidth from it."""
        bandwidths = (ALPHA * self.centres + BETA) / self.bw_Q
        distances = (self.bins - self.centres[:, None]).abs()
        return (1 - 2 * distances / bandwidths[:, None]).clamp(min=0)

    def forward(self, audio: Tensor, zeros: int = 0) -> Tensor:
        return decibels(self.filterbank() @ self.spec(audio, zeros)).unflatten(1, (HARMONICS, NOTES))


def band_centres() -> Tensor:
    """Frequencies `[6 * 128]` in Hz: of all notes, a quarter tone apart, then of their second harmonics, and so on."""
    notes = LOWEST_NOTE + torch.arange(NOTES, dtype=torch.float64, device="cpu") / NOTES_PER_SEMITONE
    fundamentals = 440 * 2 ** ((notes - 69) / 12)
    orders = torch.arange(1, HARMONICS + 1, dtype=torch.float64, device="cpu")
    return (orders[:, None] * fundamentals).flatten().float()


class HarmonicCNN(Network):
    window = 5 * 16000

    def __init__(self) -> None:
        super().__init__()
        self.hstft = HarmonicSpectrogram()
        self.hstft_bn = nn.BatchNorm2d(HARMONICS)
        self.add_layers(
            Convolution2d(HARMONICS, 128),
            PooledResidual2d(128),
            PooledResidual2d(128),
            PooledResidual2d(128),
            Convolution2d(128, 256),
            PooledResidual2d(256, pooling=(2, 3)),
            PooledResidual2d(256, pooling=(2, 3)),
        )
        self.add_classifier(256, 256)

    def front_end(self, audio: Tensor) -> Tensor:
        return self.hstft_bn(self.hstft(audio, self.window - audio.shape[1]))

    def forward(self, audio: Tensor) -> Tensor:
        return self.classify(self.through_layers(audio).flatten(1))
