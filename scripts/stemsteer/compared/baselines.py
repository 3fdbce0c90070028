"""Simple methods to compare with: each makes an estimate `[samples, channels]` of a source without any steering.

- `oracle-mask`: the ratio mask of those who know the source, |S|^2 / (|S|^2 + |X - S|^2), about the best that a mask on
  the mixture can do (IRM2 of Stöter et al., "The 2018 Signal Separation Evaluation Campaign").
- `codec`: what the generator makes of the mixture without steering.
- `codec-oracle`: the mask that a run would make if the ascent had found the source itself, through the codec: about the
  best that steering this generator can do.
- `hpss`: harmonic-percussive separation by median filters (Fitzgerald, DAFx 2010; librosa): percussive for drums,
  harmonic for all other sources.
- `repet-sim`: what does not repeat is the voice (Rafii and Pardo, "Music/voice separation using the similarity matrix",
  ISMIR 2012): the foreground for voices, the repeating background for all other sources.
"""

import math

import numpy as np
import torch
from numpy.typing import NDArray

from stemsteer.masking.masks import istft, stft
from stemsteer.sound.audio import Signal

FFT_SIZE = 2048
VOICES = frozenset({"vocals", "female vocals", "male vocals", "choir"})
PERCUSSION = frozenset({"drums", "drum machine"})
MEDIAN_FRAMES = 31  # of the filters that tell harmonic from percussive: librosa's default
REPEAT_SECONDS = 2.0  # frames nearer than this to each other are not repetitions, as in librosa's example

SETTINGS: dict[str, dict[str, float]] = {
    "oracle-mask": {"fft_size": FFT_SIZE},
    "hpss": {"fft_size": FFT_SIZE, "median_frames": MEDIAN_FRAMES},
    "repet-sim": {"fft_size": FFT_SIZE, "repeat_seconds": REPEAT_SECONDS},
}
"""What the methods without a generator are set to, for the records of their stems."""

Magnitudes = NDArray[np.float32]


def oracle_mask(mixture: Signal, reference: Signal) -> Signal:
    """The mixture through the ratio mask of the reference and the rest."""
    spectrogram, source = _spectrogram(mixture), _spectrogram(reference)
    of_source, of_rest = source.abs().square(), (spectrogram - source).abs().square()
    share = of_source / (of_source + of_rest).clamp(min=torch.finfo(of_rest.dtype).tiny)
    return _signal(spectrogram * share, len(mixture))


def hpss(mixture: Signal, source: str) -> Signal:
    """The percussive part of the mixture for drums, the harmonic part for any other source."""
    from librosa.decompose import hpss as split

    part = 1 if source in PERCUSSION else 0
    # scipy's median filter reads beyond signals that are much shorter than itself.
    missing = max(0, MEDIAN_FRAMES * FFT_SIZE // 2 - len(mixture))
    spectrogram = _spectrogram(np.pad(mixture, ((0, missing), (0, 0))))
    share = np.stack(
        [split(magnitudes, kernel_size=MEDIAN_FRAMES, mask=True)[part] for magnitudes in spectrogram.abs().numpy()]
    )
    return _signal(spectrogram * torch.from_numpy(share.astype(np.float32)), len(mixture))


def repet_sim(mixture: Signal, source: str, rate: int) -> Signal:
    """What does not repeat for a voice, what does for any other source."""
    spectrogram = _spectrogram(mixture)
    repeating = torch.from_numpy(np.stack([_repeating(one, rate) for one in spectrogram.abs().numpy()]))
    return _signal(spectrogram * (1 - repeating if source in VOICES else repeating), len(mixture))


def _repeating(magnitudes: Magnitudes, rate: int) -> Magnitudes:
    """The mask of what repeats: at each frame the median of the frames most like it, at most the frame itself."""
    from librosa.decompose import nn_filter

    # librosa wants less than half of the frames to be left out; of fewer than five nothing can repeat.
    most = (magnitudes.shape[1] - 1) // 2 - 1
    if most < 1:
        return np.ones_like(magnitudes)
    width = min(math.ceil(REPEAT_SECONDS * rate / (FFT_SIZE // 2)), most)
    # Frames without sound have no direction that cosines could compare.
    heard = magnitudes + np.finfo(np.float32).eps
    model = np.minimum(nn_filter(heard, aggregate=np.median, metric="cosine", width=width), heard)
    return (model / heard).astype(np.float32)


def _spectrogram(signal: Signal) -> torch.Tensor:
    return stft(torch.from_numpy(signal.T.copy()), FFT_SIZE)


def _signal(spectrogram: torch.Tensor, samples: int) -> Signal:
    return istft(spectrogram, FFT_SIZE, samples).T.numpy()
