"""The interface of all baselines."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from stemsteer.sound.audio import Signal

Record = Mapping[str, Any]


class Baseline(ABC):
    """A method that estimates a source without steering.

    Attributes:
        settings: what the method is set to, for the record beside its stems.
    """

    settings: ClassVar[Record]

    @abstractmethod
    def estimate(self, mixture: Path, reference: Path, source: str) -> Signal:
        """The estimate of a source: `[samples, channels]`, like the mixture.

        Args:
            mixture: the file of the mixture.
            reference: the file of the true source. Only baselines whose kind says so may read it.
            source: the name of the source.
        """
