"""Quantisers: from continuous latents to those that the decoder hears, and what becomes of the codebook meanwhile.

`frozen` is what TagBox's paper describes. `reinit-ema` is what its released code does: the codebook is left in training
mode, so that the first step replaces the pretrained codes by random frames of the mixture's own latents, and every step
moves them by Jukebox's training rule (see docs/method.md). `none` lets the decoder hear the latents as they are.
"""

import math

import torch
from torch import Tensor

from stemsteer.generators.jukebox.codebook import Codebook
from stemsteer.generators.jukebox.moving_codebook import MovingCodebook, frames_of

DECAY = 0.99  # of the moving averages: the l_mu of Jukebox's VQ-VAE
SPREAD = 0.01  # of copies of a frame, where there are fewer frames than codes: as a fraction of a vector of norm 1


class FrozenCodebook:
    """The pretrained codes, which never change."""

    def __init__(self, codebook: Codebook, seed: int = 0) -> None:
        self._codebook = codebook

    def __call__(self, latents: Tensor) -> Tensor:
        return self._codebook.straight_through(latents, self._codebook.nearest(latents))

    def state(self) -> dict[str, Tensor]:
        return {}

    def restore(self, state: dict[str, Tensor]) -> None:
        pass


class NoCodebook:
    """The latents as they are."""

    def __init__(self, codebook: Codebook, seed: int = 0) -> None:
        pass

    def __call__(self, latents: Tensor) -> Tensor:
        return latents

    def state(self) -> dict[str, Tensor]:
        return {}

    def restore(self, state: dict[str, Tensor]) -> None:
        pass


class ReinitialisedCodebook:
    """A codebook drawn from the first latents that it meets, moved by every further ones: each call changes it.

    The draws come from a generator of their own on the CPU, the same for a seed on every device.
    """

    def __init__(self, codebook: Codebook, seed: int = 0) -> None:
        self._codes = len(codebook.k)
        self._random = torch.Generator().manual_seed(seed)
        self._codebook: Codebook | None = None
        self._moving: MovingCodebook | None = None

    def state(self) -> dict[str, Tensor]:
        if self._codebook is None or self._moving is None:
            return {"random": self._random.get_state()}
        moving = {"counts": self._moving.counts, "sums": self._moving.sums}
        return {"random": self._random.get_state(), "codes": self._codebook.k, **moving}

    def restore(self, state: dict[str, Tensor]) -> None:
        self._random.set_state(state["random"].cpu())
        if "codes" in state:
            self._codebook = Codebook(*state["codes"].shape).to(state["codes"])
            self._codebook.k.copy_(state["codes"])
            self._moving = MovingCodebook(state["counts"].clone(), state["sums"].clone())

    def __call__(self, latents: Tensor) -> Tensor:
        points = frames_of(latents.detach())
        if self._codebook is None or self._moving is None:
            self._codebook = Codebook(self._codes, points.shape[1]).to(points)
            self._codebook.k.copy_(self._drawn(points))
            self._moving = MovingCodebook.start(self._codebook.k)
        chosen = self._codebook.nearest(latents)
        quantised = self._codebook.straight_through(latents, chosen)
        self._moving.update(self._codebook.k, points, chosen.flatten(), self._drawn(points), DECAY)
        return quantised

    def _drawn(self, points: Tensor) -> Tensor:
        """As many different frames `[codes, channels]` as there are codes, in random order."""
        frames, channels = points.shape
        if frames < self._codes:
            points = points.repeat(-(-self._codes // frames), 1)
            noise = torch.randn(points.shape, generator=self._random, dtype=points.dtype)
            points = points + noise.to(points.device) * SPREAD / math.sqrt(channels)
        return points[torch.randperm(len(points), generator=self._random).to(points.device)[: self._codes]]
