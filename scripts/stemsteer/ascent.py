"""The ascent: steer a mixture's latents until the taggers hear only the wanted source.

Manilow et al., "Source Separation By Steering Pretrained Music Models", arXiv 2110.13071, Algorithm 1.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional as F

from stemsteer.config import RunSettings
from stemsteer.generators.base import Generator
from stemsteer.masks import masked, stft
from stemsteer.objectives import OBJECTIVES, tag_probabilities, target_vector
from stemsteer.resampling import Resampler
from stemsteer.taggers.base import Tagger


@dataclass(frozen=True)
class Moment:
    """What was heard before step `step`; the last one is after the last step."""

    step: int
    loss: float
    target_probability: float


@dataclass
class Ascended:
    """The steered audio `[samples]` of a chunk and the history of its ascent."""

    audio: Tensor
    history: list[Moment] = field(default_factory=list)


class Listener(torch.nn.Module):
    """A tagger with the tags that it is asked to hear, and the resampler in front of it."""

    def __init__(self, tagger: Tagger, tags: list[int], sample_rate: int, settings: RunSettings) -> None:
        super().__init__()
        self.tagger = tagger
        self.tags = tags
        self.resampler = Resampler(sample_rate, tagger.sample_rate)
        self.windows = settings.windows
        self.objective = OBJECTIVES[settings.objective]

    def forward(self, audio: Tensor) -> tuple[Tensor, Tensor]:
        """Loss and mean probability of the wanted tags, each `[batch]`, of audio `[batch, samples]`."""
        logits = self.tagger.logits(self.resampler(audio), self.windows)
        target = target_vector(self.tags, logits.shape[-1], like=logits)
        return self.objective(logits, target), tag_probabilities(logits)[:, self.tags].mean(dim=1)


class Steering:
    """The function that the ascent lowers: from a chunk's latents to the loss.

    There is one masked signal and one loss for each tagger and FFT size; the loss is their mean.

    Attributes:
        start: the mixture's latents `[1, channels, frames]`.
    """

    def __init__(
        self,
        mixture: Tensor,
        generator: Generator,
        listeners: Sequence[Listener],
        settings: RunSettings,
        seed: int = 0,
    ) -> None:
        """`mixture` is `[1, samples]` at the generator's rate, of any length; `seed` is the codebook's."""
        self.generator = generator
        self.listeners = listeners
        self.samples = mixture.shape[-1]
        self.quantise = generator.quantiser(settings.codebook, seed)
        with torch.no_grad():
            self.start = generator.encode(F.pad(mixture, (0, -self.samples % generator.hop)))
            self.masks = self._masks(mixture, settings) if settings.mask else []

    def _masks(self, mixture: Tensor, settings: RunSettings) -> list[Callable[[Tensor], Tensor]]:
        """For each FFT size, what makes of a steered signal the one that the taggers hear."""
        signals = {"mixture": mixture}
        if settings.needs_reconstruction:
            signals["reconstruction"] = self._decode(self.generator.quantiser("frozen")(self.start))
        masks: list[Callable[[Tensor], Tensor]] = []
        for n_fft in settings.fft_sizes:
            spectrograms = {name: stft(signal, n_fft, settings.mask_edges) for name, signal in signals.items()}
            compared, passing = spectrograms[settings.mask_against], spectrograms[settings.mask_on]
            masks.append(partial(masked, compared=compared, passing=passing, n_fft=n_fft, edges=settings.mask_edges))
        return masks

    def _decode(self, quantised: Tensor) -> Tensor:
        return self.generator.decode(quantised)[:, : self.samples]

    def steered(self, latents: Tensor) -> Tensor:
        """The decoded signal `[1, samples]` of latents; moves the codebook, if it is one that moves."""
        return self._decode(self.quantise(latents))

    def heard(self, steered: Tensor) -> Tensor:
        """What the taggers hear, `[signals, samples]`: one signal masked at each FFT size, or the steered signal."""
        return torch.cat([mask(steered) for mask in self.masks]) if self.masks else steered

    def loss(self, steered: Tensor) -> tuple[Tensor, Tensor]:
        """The loss of a steered signal and the wanted tags' mean probability, both scalars."""
        heard = self.heard(steered)
        losses, probabilities = zip(*(listener(heard) for listener in self.listeners), strict=True)
        return torch.cat(losses).mean(), torch.cat(probabilities).mean()


def ascend(steering: Steering, settings: RunSettings, on_step: Callable[[Moment], None] = lambda _: None) -> Ascended:
    """Steer one chunk by Adam on its latents; generator and taggers do not change.

    `on_step` hears of every step as it is taken.
    """
    latents = steering.start.clone()
    rate = settings.learning_rate
    if settings.learning_rate_unit == "latent-deviation":
        rate *= latents.std().item()
    latents.requires_grad_(True)
    optimiser = torch.optim.Adam([latents], lr=rate)
    history = []
    for step in range(settings.steps):
        loss, probability = steering.loss(steering.steered(latents))
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        history.append(Moment(step, loss.item(), probability.item()))
        on_step(history[-1])
    with torch.no_grad():
        steered = steering.steered(latents)
        loss, probability = steering.loss(steered)
    history.append(Moment(settings.steps, loss.item(), probability.item()))
    return Ascended(steered[0], history)


def chunk_seed(seed: int, run: str, track: str, source: str, chunk: int) -> int:
    """The seed of one chunk's ascent: the same on every machine, in whatever order the chunks are computed."""
    name = "\0".join([str(seed), run, track, source, str(chunk)])
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") >> 1
