"""The judge: a tagger that no run steers with, asked how probable it finds a source's tags in each estimate.

Steering raises the probabilities of its own taggers, whether or not the source can be heard. The probabilities of
a tagger that took no part in the steering say whether it can.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from stemsteer.errors import UserError
from stemsteer.models.registry import tagger_models
from stemsteer.sound.audio import SILENCE_PEAK, Signal, mono, resample
from stemsteer.taggers.base import Tagger, tag_probabilities
from stemsteer.taggers.labels import labels_of
from stemsteer.taggers.loading import load_tagger
from stemsteer.taggers.vocabularies import NO_SOURCES, Sources

WINDOWS_AT_ONCE = 4
"""Windows that are heard together: memory does not grow with the track."""


@dataclass(frozen=True)
class TaggerJudge:
    """A tagger, and the places of a source's labels among its logits."""

    tagger: Tagger
    tags: list[int]

    def probabilities(self, signals: Sequence[Signal], mixture: Signal, rate: int) -> list[float]:
        """Of each of the `signals` `[samples, channels]` at `rate` Hz: the mean over windows and the source's labels.

        All are heard in mono and as loud as they are beside the mixture, whose peak is scaled to 1, as when runs steer.
        """
        peak = float(np.abs(mono(mixture)).max(initial=0))
        gain = np.float32(1 / peak if peak > SILENCE_PEAK else 1)
        return [self._probability(gain * mono(signal), rate) for signal in signals]

    @torch.no_grad()
    def _probability(self, signal: Signal, rate: int) -> float:
        audio = torch.from_numpy(resample(signal, rate, self.tagger.sample_rate)).T
        windows = self.tagger.cut(audio)[0]
        logits = torch.cat([self.tagger.window_logits(some) for some in windows.split(WINDOWS_AT_ONCE)])
        return float(tag_probabilities(logits[None], self.tagger.activation)[0, self.tags].mean())


def load_judge(name: str | None, source: str, own_sources: Sources = NO_SOURCES) -> TaggerJudge | None:
    """The tagger `name` as a judge of `source`; None where no judge is wanted, or none of its labels is the source's.

    Raises:
        UserError: its weights are missing or altered.
    """
    if name is None:
        return None
    try:
        tags = labels_of(tagger_models()[name], [source], own_sources).find(source)
    except UserError:
        return None
    return TaggerJudge(load_tagger(name, sources=[source], own_sources=own_sources), tags)
