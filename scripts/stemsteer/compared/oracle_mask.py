"""`oracle-mask`: the ratio mask of the true source, |S|^2 / (|S|^2 + |X - S|^2).

It is about the best that a mask on the mixture can do (IRM2 of Stöter et al., "The 2018 Signal Separation Evaluation
Campaign").
"""

from pathlib import Path
from typing import ClassVar

import torch

from stemsteer.compared.base import Baseline, Record
from stemsteer.compared.spectrograms import FFT_SIZE, signal_of, spectrogram_of
from stemsteer.sound import audio
from stemsteer.sound.audio import Signal


class OracleMask(Baseline):
    """The mixture through the mask that its true source makes."""

    settings: ClassVar[Record] = {"fft_size": FFT_SIZE}

    def estimate(self, mixture: Path, reference: Path, source: str) -> Signal:
        return oracle_mask(audio.read(mixture)[0], audio.read(reference)[0])


def oracle_mask(mixture: Signal, reference: Signal) -> Signal:
    """The mixture through the ratio mask of the reference and the rest: `[samples, channels]`."""
    spectrogram, source = spectrogram_of(mixture), spectrogram_of(reference)
    of_source, of_rest = source.abs().square(), (spectrogram - source).abs().square()
    share = of_source / (of_source + of_rest).clamp(min=torch.finfo(of_rest.dtype).tiny)
    return signal_of(spectrogram * share, len(mixture))
