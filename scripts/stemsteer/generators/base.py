"""The interface of generators: models of music whose latents can be steered."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from stemsteer.errors import UserError


class Latents(ABC):
    """The latents of some mixtures, and what they decode to. No mixture has an effect on another one.

    Attributes:
        latents: for each mixture a leaf tensor `[1, ...]` with a gradient, which steering changes in place.
    """

    latents: list[Tensor]

    @abstractmethod
    def decode(self) -> Tensor:
        """Audio `[batch, samples]` of the latents as they are now, as long as the mixtures.

        It may change a state, as a codebook that moves with every call.
        """

    @abstractmethod
    def unsteered(self) -> Tensor:
        """Audio `[batch, samples]`: what the generator makes of the mixtures without any steering."""

    def state(self) -> dict[str, Any]:
        """The latents and all that `decode` has changed: tensors and plain values, for `restore`."""
        return {"latents": [latents.detach() for latents in self.latents]}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a `state` of the same mixtures."""
        for own, saved in zip(self.latents, state["latents"], strict=True):
            own.data.copy_(saved)


class Generator(nn.Module, ABC):
    """A frozen model that makes music of latents.

    Attributes:
        sample_rate: of its audio, Hz.
        fingerprint: sha256 of the weights.
        licence: of the weights.
    """

    sample_rate: int
    fingerprint: str
    licence: str

    def __init__(self) -> None:
        super().__init__()
        # So that a generator without any weights has a device, too.
        self.register_buffer("_somewhere", torch.empty(0), persistent=False)
        self._somewhere: Tensor

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return self._somewhere.device

    @property
    def like(self) -> Tensor:
        """An empty tensor of the type and on the device that it computes with."""
        return self._somewhere

    @property
    def identity(self) -> dict[str, Any]:
        """Plain values that differ between generators that make different audio of the same mixture and settings."""
        return {"weights": self.fingerprint}

    @abstractmethod
    def begin(self, mixtures: Tensor, seeds: Sequence[int]) -> Latents:
        """The latents of mixtures `[batch, samples]` at its rate, of any length.

        The seeds, one for each mixture, decide everything that is random.
        """

    def check_rate(self, rate: int) -> None:
        """Refuse audio of another rate (Hz).

        Raises:
            UserError: the rate is not that of the generator.
        """
        if rate != self.sample_rate:
            raise UserError(
                f"the generator works at {self.sample_rate} Hz and the mono signal of the track has {rate} Hz: "
                "choose a generator of that rate"
            )
