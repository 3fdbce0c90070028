"""The judge: a tagger that no run steers with, asked how probable it finds a source's tags in each estimate.

Steering makes the probabilities of its own taggers rise whatever comes of the music, so that they prove nothing; those
of a tagger that had no say in it tell whether the source can be heard.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from stemsteer.errors import UserError
from stemsteer.models.registry import registry
from stemsteer.sound.audio import SILENCE_PEAK, Signal, mono, resample
from stemsteer.taggers.base import Tagger, cut_into_windows, tag_probabilities
from stemsteer.taggers.loading import load_tagger
from stemsteer.taggers.vocabularies import find_tags, load_vocabulary

WINDOWS_AT_ONCE = 4
"""Windows that are heard together: memory does not grow with the track."""


@dataclass(frozen=True)
class Judge:
    """A tagger, and the places of a source's tags in its vocabulary."""

    tagger: Tagger
    tags: list[int]

    def probabilities(self, signals: Sequence[Signal], mixture: Signal, rate: int) -> list[float]:
        """Of each of the `signals` `[samples, channels]` at `rate` Hz: the mean over windows and the source's tags.

        All are heard in mono and as loud as they are beside the mixture, whose peak is scaled to 1, as when runs steer.
        """
        peak = float(np.abs(mono(mixture)).max(initial=0))
        gain = np.float32(1 / peak if peak > SILENCE_PEAK else 1)
        return [self._probability(gain * mono(signal), rate) for signal in signals]

    @torch.no_grad()
    def _probability(self, signal: Signal, rate: int) -> float:
        audio = torch.from_numpy(resample(signal, rate, self.tagger.sample_rate)).T
        windows = cut_into_windows(audio, self.tagger.window, self.tagger.context)[0]
        logits = torch.cat([self.tagger.window_logits(some) for some in windows.split(WINDOWS_AT_ONCE)])
        return float(tag_probabilities(logits[None])[0, self.tags].mean())


def load_judge(name: str | None, source: str) -> Judge | None:
    """The tagger `name` as a judge of `source`; None where none is wanted, or its vocabulary has no tag for the source.

    Raises:
        UserError: its weights are missing or altered.
    """
    if name is None:
        return None
    vocabulary = load_vocabulary(registry()[name].vocabulary or "")
    try:
        tags = find_tags(vocabulary, [source])
    except UserError:
        return None
    return Judge(load_tagger(name), tags)
