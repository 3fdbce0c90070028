"""Families of taggers: what the workflow knows of them without importing PyTorch."""

from dataclasses import dataclass
from typing import Any

from stemsteer.registries import imported


@dataclass(frozen=True)
class Family:
    """Taggers that share the code that reads their weights.

    Attributes:
        code: `module:attribute` of the function `load(name, model, labels) -> Tagger`. It gets a name, its entry in the
            registry of models and its labels (see labels.py), and verifies the weights.
        differentiable: whether logits have a gradient with respect to the audio.
    """

    code: str
    differentiable: bool = True

    @property
    def load(self) -> Any:
        """The function that loads a tagger of this family."""
        return imported(self.code)
