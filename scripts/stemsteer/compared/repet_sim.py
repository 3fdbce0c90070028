"""`repet-sim`: the voice is what does not repeat.

Rafii and Pardo, "Music/voice separation using the similarity matrix", ISMIR 2012. The estimate of a voice is the
foreground. The estimate of any other source is the repeating background.
"""

import math
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from stemsteer.compared.base import Baseline, Record
from stemsteer.compared.spectrograms import FFT_SIZE, signal_of, spectrogram_of
from stemsteer.sound import audio
from stemsteer.sound.audio import Signal

VOICES = frozenset({"vocals", "female vocals", "male vocals", "choir"})
REPEAT_SECONDS = 2.0
"""Frames that are nearer to each other than this are not repetitions, as in librosa's example."""

Magnitudes = NDArray[np.float32]


class RepetSim(Baseline):
    """The part of the mixture that repeats, or the part that does not."""

    settings: ClassVar[Record] = {"fft_size": FFT_SIZE, "repeat_seconds": REPEAT_SECONDS}

    def estimate(self, mixture: Path, reference: Path, source: str) -> Signal:
        heard, rate = audio.read(mixture)
        return repet_sim(heard, source, rate)


def repet_sim(mixture: Signal, source: str, rate: int) -> Signal:
    """What does not repeat for a voice, what repeats for any other source: `[samples, channels]` at `rate` Hz."""
    spectrogram = spectrogram_of(mixture)
    repeating = torch.from_numpy(np.stack([_repeating(one, rate) for one in spectrogram.abs().numpy()]))
    return signal_of(spectrogram * (1 - repeating if source in VOICES else repeating), len(mixture))


def _repeating(magnitudes: Magnitudes, rate: int) -> Magnitudes:
    """The mask of what repeats: in each frame the median of the most similar frames, at most the frame itself."""
    from librosa.decompose import nn_filter

    # librosa leaves out the neighbours of each frame, which must be less than half of all frames. With fewer than five
    # frames nothing can repeat.
    most = (magnitudes.shape[1] - 1) // 2 - 1
    if most < 1:
        return np.ones_like(magnitudes)
    width = min(math.ceil(REPEAT_SECONDS * rate / (FFT_SIZE // 2)), most)
    # Cosine similarity is not defined for a frame of zeros.
    heard = magnitudes + np.finfo(np.float32).eps
    model = np.minimum(nn_filter(heard, aggregate=np.median, metric="cosine", width=width), heard)
    return (model / heard).astype(np.float32)
