"""What the taggers answered when they heard subsets of a mixture's parts, and its whole."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from stemsteer.taggers.base import Tagger


@dataclass(frozen=True)
class Answers:
    """All answers about one mixture. They do not depend on the sources that somebody asks for.

    Attributes:
        whole: of each tagger, by name, about the mixture: logits `[windows, labels]`.
        subsets: of each tagger about the subsets: logits `[subsets, dictionaries, windows, labels]`.
        parts: of the taggers that hear single parts, too, about the first of them: logits `[parts, labels]`.
    """

    whole: Mapping[str, Tensor]
    subsets: Mapping[str, Tensor] = field(default_factory=dict)
    parts: Mapping[str, Tensor] = field(default_factory=dict)

    def with_more(self, subset: Mapping[str, Tensor], parts: Mapping[str, Tensor]) -> "Answers":
        """With the answers about one more subset of each dictionary, and about the next parts.

        Args:
            subset: `[dictionaries, windows, labels]` by tagger.
            parts: `[parts, labels]` by tagger; empty where there are more steps than parts.
        """
        subsets = {name: logits[None] for name, logits in subset.items()}
        return Answers(self.whole, _longer(self.subsets, subsets), _longer(self.parts, parts))

    def state(self) -> dict[str, Any]:
        """Tensors by name, for `from_state`."""
        return {"whole": dict(self.whole), "subsets": dict(self.subsets), "parts": dict(self.parts)}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> "Answers":
        """From a `state`."""
        return cls(state["whole"], state["subsets"], state["parts"])


def _longer(known: Mapping[str, Tensor], more: Mapping[str, Tensor]) -> dict[str, Tensor]:
    longer = {name: torch.cat([known[name], logits]) if name in known else logits for name, logits in more.items()}
    return {**known, **longer}


def pooled(logits: Tensor, labels: list[int]) -> Tensor:
    """One figure for each signal: the mean over windows and some labels of logits `[..., windows, labels]`."""
    return logits[..., labels].mean((-1, -2))


def probability(logits: Tensor, tagger: Tagger, labels: list[int]) -> Tensor:
    """The mean probability of some labels over them and the windows, of logits `[..., windows, labels]`."""
    return tagger.activation(logits)[..., labels].mean((-1, -2))
