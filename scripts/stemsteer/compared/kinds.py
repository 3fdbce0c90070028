"""What the workflow knows of a baseline before its code is imported."""

from dataclasses import dataclass
from typing import Any

from stemsteer.registries import imported


@dataclass(frozen=True)
class BaselineKind:
    """A baseline in the registry.

    Attributes:
        code: the place of its class, a subclass of `Baseline`, as `module:attribute`.
        is_told_reference: whether it uses the reference; its provenance then names that file too.
        needs_codec: whether it is about a codec. Such a baseline is made once for each codec that a run steers, and its
            class is called with the codec; all other classes are called without arguments.
        stem_is: what its stem is, as an estimate in the score tables.
    """

    code: str
    is_told_reference: bool = False
    needs_codec: bool = False
    stem_is: str = "masked"

    @property
    def make(self) -> Any:
        """Its class."""
        return imported(self.code)
