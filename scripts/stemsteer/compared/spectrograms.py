"""The spectrograms that baselines put their masks on."""

import torch

from stemsteer.masking.masks import istft, stft
from stemsteer.sound.audio import Signal

FFT_SIZE = 2048
"""Samples of a window, at any rate."""


def spectrogram_of(signal: Signal) -> torch.Tensor:
    """The complex spectrogram `[channels, frequencies, frames]` of a signal `[samples, channels]`."""
    return stft(torch.from_numpy(signal.T.copy()), FFT_SIZE)


def signal_of(spectrogram: torch.Tensor, samples: int) -> Signal:
    """The signal `[samples, channels]` of a spectrogram."""
    return istft(spectrogram, FFT_SIZE, samples).T.numpy()
