"""What the taggers answered when they heard subsets of a mixture's parts, and its whole."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from stemsteer.taggers.base import Tagger


@dataclass(frozen=True)
class Answers:
    """All answers about one mixture. They do not depend on the sources that somebody asks for.

    Attributes:
        whole: of each tagger, by name, about the mixture: logits `[windows, labels]`.
        about: of each tagger about the subsets: logits `[subsets, dictionaries, windows, labels]`.
    """

    whole: Mapping[str, Tensor]
    about: Mapping[str, Tensor]

    @classmethod
    def of_whole(cls, whole: Mapping[str, Tensor]) -> "Answers":
        """The answers about a mixture, of whose parts nobody has asked yet."""
        return cls(whole, {name: logits.new_zeros(0, 0, *logits.shape) for name, logits in whole.items()})

    def with_more(self, about: Mapping[str, Tensor]) -> "Answers":
        """With the answers about one more subset of each dictionary, `[dictionaries, windows, labels]`."""
        more = {
            name: torch.cat([self.about[name].reshape(-1, *logits.shape), logits[None]])
            for name, logits in about.items()
        }
        return Answers(self.whole, more)

    def state(self) -> dict[str, Any]:
        """Tensors by name, for `from_state`."""
        return {"whole": dict(self.whole), "about": dict(self.about)}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> "Answers":
        """From a `state`."""
        return cls(state["whole"], state["about"])


def pooled(logits: Tensor, labels: list[int]) -> Tensor:
    """One figure for each signal: the mean over windows and some labels of logits `[..., windows, labels]`."""
    return logits[..., labels].mean((-1, -2))


def probability(logits: Tensor, tagger: Tagger, labels: list[int]) -> Tensor:
    """The mean probability of some labels over them and the windows, of logits `[..., windows, labels]`."""
    return tagger.activation(logits)[..., labels].mean((-1, -2))
