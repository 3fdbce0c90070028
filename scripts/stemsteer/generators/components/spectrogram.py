"""A mixture's spectrogram, and what median filters find in it."""

from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.fft import next_fast_len, prev_fast_len
from scipy.ndimage import median_filter
from torch import Tensor

HARMONIC_SECONDS, PERCUSSIVE_HZ = 0.4, 270.0
"""Over which the median filters reach that tell long and narrow sounds from short and broad ones."""

OVERLAP = 4
"""Windows that meet over a sample."""

TINY_POWER = 1e-20


class Spectrogram:
    """A mixture's complex spectrogram at one window length.

    Attributes:
        rate: of the mixture, Hz.
        n_fft: samples of a window.
        values: `[channels, bins, frames]`.
    """

    def __init__(self, mixture: Tensor, rate: int, window_seconds: float) -> None:
        """`mixture` is `[channels, samples]` at `rate` Hz; the window is about as long as that."""
        self.rate, self.n_fft, self.samples = rate, window_samples(window_seconds, rate), mixture.shape[-1]
        self.hop = self.n_fft // OVERLAP
        self.window = torch.hann_window(self.n_fft, dtype=mixture.dtype, device=mixture.device)
        # Channel by channel, here and in `masked`: a transform takes several times the memory of its result.
        self.values = torch.stack([self._of(channel) for channel in mixture])

    def _of(self, signal: Tensor) -> Tensor:
        return torch.stft(signal, self.n_fft, self.hop, window=self.window, pad_mode="constant", return_complex=True)

    def masked(self, mask: Tensor) -> Tensor:
        """The signal `[channels, samples]` of what a mask `[channels, bins, frames]` lets through."""
        channels = zip(mask, self.values, strict=True)
        return torch.cat([self.signal((passing * values)[None]) for passing, values in channels])

    def signal(self, values: Tensor) -> Tensor:
        """The signals `[batch, samples]` of spectrograms `[batch, bins, frames]`."""
        return torch.istft(values, self.n_fft, self.hop, window=self.window, length=self.samples)

    @property
    def frequencies(self) -> Tensor:
        """Of the bins, Hz."""
        return torch.arange(self.values.shape[-2]).to(self.values.real) * self.rate / self.n_fft

    @property
    def times(self) -> Tensor:
        """Of the middles of the frames, s."""
        return torch.arange(self.values.shape[-1]).to(self.values.real) * self.hop / self.rate

    @cached_property
    def percussive_mask(self) -> Tensor:
        """Which share of each bin's power is percussive, by median filters: `[bins, frames]`.

        Fitzgerald, "Harmonic/Percussive Separation Using Median Filtering", DAFx 2010.
        """
        magnitudes = self.values.abs().mean(0).cpu().numpy()
        frames = max(3, round(HARMONIC_SECONDS * self.rate / self.hop))
        bins = max(3, round(PERCUSSIVE_HZ * self.n_fft / self.rate))
        harmonic = np.square(medians_of_rows(magnitudes, frames))
        percussive = np.square(medians_of_rows(magnitudes.T, bins).T)
        # Where neither is anything, nobody knows.
        share = (percussive + TINY_POWER / 2) / (harmonic + percussive + TINY_POWER)
        return torch.from_numpy(share).to(self.values.real)


def window_samples(seconds: float, rate: int) -> int:
    """Of a window that is about so long: a number that has a fast Fourier transform, and that hops divide."""
    hop = max(2, round(seconds * rate / OVERLAP))
    shorter, longer = prev_fast_len(hop, real=True), next_fast_len(hop, real=True)
    return OVERLAP * int(longer if longer - hop <= hop - shorter else shorter)


def medians_of_rows(values: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """The median of each number and its neighbours in the row, `size` in all; rows are mirrored at their ends.

    Row by row, because SciPy's filter of one dimension is ten times as fast as that of two.
    """
    return np.stack([median_filter(row, size) for row in values])
