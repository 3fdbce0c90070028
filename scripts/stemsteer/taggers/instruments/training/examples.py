"""Examples: clips of single instruments, each with something hidden, played together.

The network has to keep its answer when much of a sound is hidden, for that is what steering by perturbation does. What
hides is laid on each instrument's clip by itself, so that the labels stay true: an instrument is heard as long as some
of it is left. An instrument of which next to nothing is left, or that others drown, is neither heard nor not heard.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from stemsteer.taggers.instruments.front_end import FRAMES_PER_SECOND, compressed

TOGETHER = (0.15, 0.25, 0.3, 0.2, 0.1)
"""How often 1, 2, ... instruments play together."""
TINY = 1e-9


@dataclass(frozen=True)
class ClipTensors:
    """All clips: as datasets/instruments/clips.py makes them, with the labels of each.

    Attributes:
        magnitudes: `[clips, mels, frames]`.
        spectra: `[clips, mels, components]`.
        activations: `[clips, components, frames]`.
        labels: 1 for those of the clip's instrument, `[clips, labels]`.
        weights: how often a clip is drawn, `[clips]`.
    """

    magnitudes: Tensor
    spectra: Tensor
    activations: Tensor
    labels: Tensor
    weights: Tensor

    def digest(self) -> str:
        """Hexadecimal sha256 of what is heard in the clips and of their labels."""
        content = hashlib.sha256(self.labels.numpy().tobytes())
        content.update(self.magnitudes.numpy().tobytes())
        return content.hexdigest()


@dataclass(frozen=True)
class Examples:
    """What is heard, and what is true of it.

    Attributes:
        heard: compressed mel bands, `[batch, mels, frames]`.
        labels: 1 for instruments that play, `[batch, labels]`.
        known: 0 where nobody can tell, `[batch, labels]`.
    """

    heard: Tensor
    labels: Tensor
    known: Tensor


class ExampleMaker:
    """Draws examples, the same for the same state of `random`."""

    def __init__(self, clips: ClipTensors, window_seconds: float, random: torch.Generator) -> None:
        self.clips, self.random = clips, random
        self.frames = round(window_seconds * FRAMES_PER_SECOND)

    def draw(self, batch: int) -> Examples:
        """So many examples."""
        together = len(TOGETHER)
        drawn = torch.multinomial(self.clips.weights, batch * together, replacement=True, generator=self.random)
        number = 1 + torch.multinomial(torch.tensor(TOGETHER), batch, replacement=True, generator=self.random)
        plays = (torch.arange(together) < number[:, None]).float()
        power, left = self._hidden(drawn)
        power, left = power.unflatten(0, (batch, together)), left.view(batch, together)
        power = power * (plays * self._levels(power))[..., None, None]
        mixed = power.sum(1)
        audible = (power.square() / (mixed[:, None] + TINY)).sum((-1, -2)) / (power.sum((-1, -2)) + TINY)
        labels = self.clips.labels[drawn].view(batch, together, -1)
        evidence = torch.minimum(left / 0.1, audible / 0.1).clamp(max=1)[..., None] * labels
        strongest = evidence.amax(1)
        none = 1 - (plays[..., None] * labels).amax(1)
        return Examples(self._recorded(mixed), (strongest >= 1).float(), torch.maximum((strongest >= 1).float(), none))

    def _uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        return low + (high - low) * torch.rand(shape, generator=self.random)

    def _levels(self, power: Tensor) -> Tensor:
        """Random levels of about 6 dB around equal loudness: `[batch, together]`."""
        decibels = 6 * torch.randn(power.shape[:2], generator=self.random)
        # Low bands have much energy and are heard little.
        weights = torch.linspace(0.2, 1, power.shape[-2])[:, None]
        return 10 ** (decibels / 10) / ((power * weights).mean((-1, -2)) + TINY)

    def _hidden(self, drawn: Tensor) -> tuple[Tensor, Tensor]:
        """The powers of clips with something hidden, `[clips, mels, frames]`, and which share is left, `[clips]`."""
        start = int(torch.randint(self.clips.magnitudes.shape[-1] - self.frames + 1, (1,), generator=self.random))
        crop = slice(start, start + self.frames)
        power = self.clips.magnitudes[drawn][..., crop].float().square()
        kind = self._uniform(len(drawn))[:, None, None]
        mask = torch.where(kind < 0.45, self._components(drawn, crop), torch.ones(()))
        mask = torch.where((kind >= 0.45) & (kind < 0.6), self._patches(*power.shape), mask)
        mask = torch.where((kind >= 0.6) & (kind < 0.75), self._filters(*power.shape[:2]), mask)
        passed = power * mask
        return passed, passed.sum((-1, -2)) / (power.sum((-1, -2)) + TINY)

    def _components(self, drawn: Tensor, crop: slice) -> Tensor:
        """Some of the components, as in a subset of the parts of a mixture; a mask of power."""
        spectra, activations = self.clips.spectra[drawn].float(), self.clips.activations[drawn][..., crop].float()
        share = self._uniform(len(drawn), 1, low=0.2, high=0.9)
        gains = (self._uniform(len(drawn), spectra.shape[-1]) < share).float()
        passed = torch.bmm(spectra * gains[:, None], activations)
        return (passed / (torch.bmm(spectra, activations) + TINY)).square()

    def _patches(self, clips: int, mels: int, frames: int) -> Tensor:
        """Some smooth regions of time and frequency."""
        rough = self._uniform(clips, 1, 8, 8) - self._uniform(clips, 1, 1, 1, low=0.1, high=0.7)
        return torch.sigmoid(20 * F.interpolate(rough, (mels, frames), mode="bilinear"))[:, 0]

    def _filters(self, clips: int, mels: int) -> Tensor:
        """Bands up to 40 dB quieter: `[clips, mels, 1]`."""
        rough = self._uniform(clips, 1, 6, low=-4, high=1).clamp(max=0)
        return 10 ** F.interpolate(rough, mels, mode="linear")[:, 0, :, None]

    def _recorded(self, mixed: Tensor) -> Tensor:
        """At a random level, with noise, and with the roughness of what adds up in one band."""
        batch, mels, _ = mixed.shape
        level = 10 ** self._uniform(batch, 1, 1, low=-3.0, high=0.3)
        loudest = mixed.amax((-1, -2), keepdim=True) + TINY
        colour = 10 ** F.interpolate(self._uniform(batch, 1, 4, low=-2, high=0), mels, mode="linear")[:, 0, :, None]
        noise = 10 ** self._uniform(batch, 1, 1, low=-8.0, high=-3.0) * colour
        rough = torch.exp(self._uniform(batch, 1, 1, high=0.4) * torch.randn(mixed.shape, generator=self.random))
        return compressed(level * (mixed / loudest + noise) * rough)


def weights_of(programs: Tensor, shares: Sequence[tuple[frozenset[int], float]]) -> Tensor:
    """How often to draw each clip, so that groups of programs are heard as often as their shares say: `[clips]`."""
    weights = torch.zeros(len(programs))
    for group, share in shares:
        members = torch.isin(programs, torch.tensor(sorted(group)))
        if count := int(members.sum()):
            weights[members] = share / count
    weights[weights == 0] = 0.04 / max(1, int((weights == 0).sum()))
    return weights
