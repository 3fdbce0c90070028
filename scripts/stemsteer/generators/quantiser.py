"""The interface of quantisers: what stands between the latents of a codec and its decoder."""

from typing import Protocol

from torch import Tensor


class Quantiser(Protocol):
    """From continuous latents to quantised ones; it may have a state, which each call changes."""

    def __call__(self, latents: Tensor) -> Tensor:
        """Quantised latents `[batch, channels, frames]`; the gradient passes as through the identity."""

    def state(self) -> dict[str, Tensor]:
        """What calls have changed, for `restore`."""

    def restore(self, state: dict[str, Tensor]) -> None:
        """Go on from a `state` of a quantiser of the same kind."""
