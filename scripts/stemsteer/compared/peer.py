"""The interface of all peers."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor

from stemsteer.compared.settings import PeerSettings


@dataclass(frozen=True)
class Separator:
    """A loaded model of a peer.

    Attributes:
        rate: of its signals, Hz.
        channels: of its signals.
        separate: takes a mixture `[batch, channels, samples]`, and gives one source of the same shape.
    """

    rate: int
    channels: int
    separate: Callable[[Tensor], Tensor]


class Peer(ABC):
    """A supervised separator of another package, with the model that its settings name.

    Attributes:
        distribution: the name under which its package is installed.
    """

    distribution: ClassVar[str]

    def __init__(self, settings: PeerSettings) -> None:
        self.settings = settings

    @abstractmethod
    def load(self, source: str, device: torch.device) -> Separator:
        """Load the model for a source.

        Raises:
            UserError: the package, the model or its target is missing, or cannot be loaded.
        """

    @abstractmethod
    def model_files(self) -> list[Path]:
        """The files that the model is read from."""
