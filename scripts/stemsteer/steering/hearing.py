"""What taggers hear of steered signals."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor, nn

from stemsteer.devices import computing_in
from stemsteer.masking import MASKS
from stemsteer.masking.views import Views
from stemsteer.sound.resampling import Resampler
from stemsteer.steering.method import Method
from stemsteer.steering.problem import Wanted
from stemsteer.taggers.base import Activation, Tagger, tag_probabilities
from stemsteer.taggers.settings import WindowPolicy


@dataclass(frozen=True)
class HeardByTagger:
    """What one tagger heard.

    Attributes:
        logits: `[views, sources, windows, labels]`.
        wanted: `[sources, labels]`: 1 at the labels of the source, 0 at all others.
        activation: of the tagger.
    """

    logits: Tensor
    wanted: Tensor
    activation: Activation

    @cached_property
    def by_signal(self) -> tuple[Tensor, Tensor]:
        """Logits `[views * sources, windows, labels]` and what is wanted of each, `[views * sources, labels]`."""
        return self.logits.flatten(0, 1), self.wanted.repeat(len(self.logits), 1)

    def wanted_probabilities(self) -> Tensor:
        """Mean probability of the wanted labels `[views, sources]`."""
        logits, wanted = self.by_signal
        probabilities = tag_probabilities(logits, self.activation)
        return ((probabilities * wanted).sum(dim=1) / wanted.sum(dim=1)).unflatten(0, self.logits.shape[:2])


@dataclass(frozen=True)
class Heard:
    """What all taggers heard of the sources of some problems.

    Attributes:
        by_tagger: by the name of the tagger.
        kept: what they heard, `[views, sources, samples]`.
        whole: `[sources, samples]`, of which the views are parts: the mixture, or the generator's reconstruction of it.
        mixtures: `[sources, samples]`.
    """

    by_tagger: Mapping[str, HeardByTagger]
    kept: Tensor
    whole: Tensor
    mixtures: Tensor

    @property
    def taken_away(self) -> Tensor:
        """What is left of the whole without the views, `[views, sources, samples]`."""
        return self.whole - self.kept

    def wanted_probabilities(self) -> Tensor:
        """Mean probability of the wanted labels over taggers and views: `[sources]`."""
        probabilities = [heard.wanted_probabilities() for heard in self.by_tagger.values()]
        return torch.cat(probabilities).mean(dim=0)


class Listener(nn.Module):
    """A tagger, and the resampler in front of it."""

    def __init__(self, tagger: Tagger, sample_rate: int, windows: WindowPolicy) -> None:
        super().__init__()
        self.tagger = tagger
        self.resampler = Resampler(sample_rate, tagger.sample_rate)
        self.windows = windows

    def forward(self, audio: Tensor) -> Tensor:
        """Logits `[views, sources, windows, labels]` of audio `[views, sources, samples]`."""
        logits = self.tagger.logits(self.resampler(audio.flatten(0, 1)), self.windows).to(audio.dtype)
        return logits.unflatten(0, audio.shape[:2])


class Hearing:
    """From steered signals to what all taggers of a run hear of them."""

    def __init__(
        self, method: Method, wanted: Sequence[Wanted], mixtures: Tensor, unsteered: Callable[[], Tensor]
    ) -> None:
        """`mixtures` are `[sources, samples]`, one for each of `wanted`; `unsteered` gives the reconstructions."""
        settings = method.settings
        self.mixtures = mixtures
        self.precision = settings.steering.precision
        self.views: Views = MASKS[settings.mask.kind].make(settings.mask, mixtures, unsteered)
        self.listeners = [
            Listener(tagger, method.generator.sample_rate, settings.taggers.windows).to(mixtures.device)
            for tagger in method.taggers
        ]
        self.wanted = [targets_of(tagger, wanted).to(mixtures) for tagger in method.taggers]

    def __call__(self, steered: Tensor) -> Heard:
        """What is heard of steered signals `[sources, samples]`."""
        kept = self.views(steered)
        by_tagger = {}
        for listener, wanted in zip(self.listeners, self.wanted, strict=True):
            with computing_in(self.precision, kept.device):
                logits = listener(kept)
            by_tagger[listener.tagger.name] = HeardByTagger(logits, wanted, listener.tagger.activation)
        return Heard(by_tagger, kept, self.views.whole, self.mixtures)


def targets_of(tagger: Tagger, wanted: Sequence[Wanted]) -> Tensor:
    """`[sources, labels]`: 1 at the labels of each source, 0 at all others."""
    targets = torch.zeros(len(wanted), len(tagger.labels.names))
    for target, source in zip(targets, wanted, strict=True):
        target[list(source.labels[tagger.name])] = 1
    return targets
