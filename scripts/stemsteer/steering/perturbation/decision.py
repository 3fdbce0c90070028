"""From answers to gains: which part goes to which source."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from stemsteer.steering.perturbation.answers import Answers, pooled, probability
from stemsteer.steering.perturbation.effects import effects_of_dictionaries
from stemsteer.steering.perturbation.questions import AudibleParts
from stemsteer.steering.perturbation.sharing import fits_sound, shares
from stemsteer.steering.settings import PerturbationSettings
from stemsteer.taggers.base import Tagger
from stemsteer.taggers.labels import find_if_known
from stemsteer.taggers.presence import presence

USUAL_LOGIT = -3.0
"""Of a source that has a part no more likely than the rest of the mixture, for taggers that hear single parts."""


@dataclass(frozen=True)
class Listeners:
    """The taggers of a run, and what they know of sources."""

    taggers: Sequence[Tagger]

    @property
    def to_parts(self) -> list[Tagger]:
        """Those that hear single parts, too."""
        return [tagger for tagger in self.taggers if tagger.knows_parts]

    def labels(self, source: str) -> Mapping[str, list[int]]:
        """The places of a source's labels among the logits, by the names of the taggers that know it."""
        found = {tagger.name: find_if_known(tagger.labels, source) for tagger in self.taggers}
        return {name: labels for name, labels in found.items() if labels}

    def share_labels(self, one: str, other: str) -> bool:
        """Whether a tagger has a label that stands for both sources."""
        mine, others = self.labels(one), self.labels(other)
        return any(set(mine[name]) & set(others[name]) for name in mine.keys() & others.keys())

    def competitors(self, source: str, competing: Sequence[str]) -> list[str]:
        """A source, and those of the competing sources that a tagger knows and that are something else."""
        known = [other for other in competing if other != source and self.labels(other)]
        return [source, *(other for other in known if not self.share_labels(source, other))]

    def probability(self, source: str, logits: Mapping[str, Tensor]) -> Tensor:
        """The mean probability of a source's labels, over them, taggers and windows.

        Args:
            source: its name.
            logits: by tagger, `[..., windows, labels]`.
        """
        named = {tagger.name: tagger for tagger in self.taggers}
        heard = [probability(logits[name], named[name], labels) for name, labels in self.labels(source).items()]
        return torch.stack(heard).mean(0)


class Decision:
    """What the answers about one mixture come to.

    Args:
        settings: of the steering.
        listeners: the taggers.
        parts: of the mixture.
        subsets: that were played, `[subsets, dictionaries, parts]`.
        answers: of the taggers.
    """

    def __init__(
        self,
        settings: PerturbationSettings,
        listeners: Listeners,
        parts: AudibleParts,
        subsets: Tensor,
        answers: Answers,
    ) -> None:
        self.settings, self.listeners, self.parts = settings, listeners, parts
        self.subsets, self.answers = subsets, answers
        self._effects: dict[str, Tensor] = {}

    def gains(self, source: str) -> Tensor:
        """The share of each part that a source has: `[parts]`."""
        competitors = self.listeners.competitors(source, self.settings.competing)
        scores = torch.stack([self._score(other) for other in competitors], dim=1)
        present = torch.tensor([self.presence(other) for other in competitors], dtype=scores.dtype)
        return shares(scores, present, self.settings.presence_weight)[:, 0].float()

    def _score(self, source: str) -> Tensor:
        """How well each part fits a source, by what the taggers say of it and by what it sounds like: `[parts]`."""
        settings, sounds = self.settings, self.parts.sounds
        acoustic = fits_sound(source, sounds, settings.percussive_weight, settings.low_weight)
        return self.effects(source) / settings.temperature + settings.part_weight * self.evidence(source) + acoustic

    def effects(self, source: str) -> Tensor:
        """How much each part raises the tags of a source, the mean over the taggers that know it: `[parts]`."""
        if source not in self._effects:
            labels = self.listeners.labels(source)
            answers = torch.stack([pooled(self.answers.subsets[name], labels[name]) for name in labels], dim=-1)
            of_taggers = effects_of_dictionaries(
                self.subsets, answers, self.parts.parts.dictionaries, self.settings.penalty
            )
            self._effects[source] = of_taggers.mean(1)
        return self._effects[source]

    def evidence(self, source: str) -> Tensor:
        """The logit of a source when each part is heard by itself, above what is usual, the mean over such taggers.

        Zero where none of them knows the source: `[parts]`.
        """
        labels = self.listeners.labels(source)
        heard = [logits[:, labels[name]].mean(1) for name, logits in self.answers.parts.items() if name in labels]
        if not heard:
            return torch.zeros(self.parts.parts.number, dtype=torch.float64)
        return torch.stack(heard).mean(0).double() - USUAL_LOGIT

    def probability(self, source: str) -> float:
        """The mean probability of a source's tags in the mixture."""
        return float(self.listeners.probability(source, self.answers.whole))

    def presence(self, source: str) -> float:
        """The probability that a source is in the mixture; 1 where the taggers have no threshold for it."""
        known = presence(source, self.probability(source), list(self.listeners.labels(source)))
        return 1.0 if known is None else known
