"""`hpss`: harmonic-percussive separation by median filters (Fitzgerald, DAFx 2010; librosa).

The estimate of drums is the percussive part. The estimate of any other source is the harmonic part.
"""

from pathlib import Path
from typing import ClassVar

import numpy as np
import torch

from stemsteer.compared.base import Baseline, Record
from stemsteer.compared.spectrograms import FFT_SIZE, signal_of, spectrogram_of
from stemsteer.sound import audio
from stemsteer.sound.audio import Signal
from stemsteer.taggers.vocabularies import PERCUSSION

MEDIAN_FRAMES = 31
"""Length of the median filters: librosa's default."""


class Hpss(Baseline):
    """The percussive or the harmonic part of the mixture."""

    settings: ClassVar[Record] = {"fft_size": FFT_SIZE, "median_frames": MEDIAN_FRAMES}

    def estimate(self, mixture: Path, reference: Path, source: str) -> Signal:
        return hpss(audio.read(mixture)[0], source)


def hpss(mixture: Signal, source: str) -> Signal:
    """The percussive part of the mixture for drums, the harmonic part for any other source: `[samples, channels]`."""
    from librosa.decompose import hpss as split

    part = 1 if source in PERCUSSION else 0
    # scipy's median filter reads beyond signals that are much shorter than itself.
    missing = max(0, MEDIAN_FRAMES * FFT_SIZE // 2 - len(mixture))
    spectrogram = spectrogram_of(np.pad(mixture, ((0, missing), (0, 0))))
    share = np.stack(
        [split(magnitudes, kernel_size=MEDIAN_FRAMES, mask=True)[part] for magnitudes in spectrogram.abs().numpy()]
    )
    return signal_of(spectrogram * torch.from_numpy(share.astype(np.float32)), len(mixture))
