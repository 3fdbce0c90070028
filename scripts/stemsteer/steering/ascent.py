"""The ascent: steer a mixture's latents until the taggers hear only the wanted source.

Manilow et al., "Source Separation By Steering Pretrained Music Models", arXiv 2110.13071, Algorithm 1.
"""

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from stemsteer.devices import computing_in, multiplying_in
from stemsteer.errors import UserError
from stemsteer.generators.base import Generator
from stemsteer.masking.masks import masked, stft
from stemsteer.settings.run import RunSettings
from stemsteer.sound.resampling import Resampler
from stemsteer.steering.objectives import OBJECTIVES
from stemsteer.steering.objectives.cross_entropy import target_vector
from stemsteer.taggers.base import Tagger, tag_probabilities

# A plateau: the best loss falls by less than this share of itself.
NOTICEABLE = 1e-3


@dataclass(frozen=True)
class Moment:
    """What was heard before step `step`; the last one is after the last step."""

    step: int
    loss: float
    target_probability: float


@dataclass
class Steered:
    """The steered audio `[samples]` of an excerpt and the history of its ascent."""

    audio: Tensor
    history: list[Moment] = field(default_factory=list)


class Listener(torch.nn.Module):
    """A tagger with the tags that it is asked to hear in each excerpt of a batch, and the resampler in front of it."""

    def __init__(self, tagger: Tagger, tags: Sequence[Sequence[int]], sample_rate: int, settings: RunSettings) -> None:
        """`tags` has the indices of the wanted ones, excerpt by excerpt."""
        super().__init__()
        self.tagger = tagger
        self.resampler = Resampler(sample_rate, tagger.sample_rate)
        self.windows = settings.taggers.windows
        self.objective = OBJECTIVES[settings.steering.objective]
        size = len(tagger.labels.names)
        self.register_buffer("targets", torch.stack([target_vector(wanted, size) for wanted in tags]), persistent=False)
        self.targets: Tensor

    def forward(self, audio: Tensor) -> tuple[Tensor, Tensor]:
        """Loss and mean probability of the wanted tags, each `[signals, batch]`, of `[signals, batch, samples]`."""
        signals = len(audio)
        logits = self.tagger.logits(self.resampler(audio.flatten(0, 1)), self.windows).to(audio.dtype)
        targets = self.targets.repeat(signals, 1)
        wanted = (tag_probabilities(logits, self.tagger.activation) * targets).sum(dim=1) / targets.sum(dim=1)
        losses = self.objective(logits, targets, self.tagger.activation)
        return losses.unflatten(0, (signals, -1)), wanted.unflatten(0, (signals, -1))


class Steering:
    """The function that the ascent lowers: from latents to losses, for a batch of excerpts of one length.

    There is one masked signal and one loss for each tagger and FFT size; the loss of an excerpt is their mean. The
    excerpts have nothing to do with each other.

    Attributes:
        start: the mixtures' latents `[batch, channels, frames]`.
        quantisers: of each excerpt; they may have a state.
    """

    def __init__(
        self,
        mixtures: Tensor,
        generator: Generator,
        listeners: Sequence[Listener],
        settings: RunSettings,
        seeds: Sequence[int],
    ) -> None:
        """`mixtures` are `[batch, samples]` at the generator's rate, of any length; `seeds` are the codebooks'."""
        self.generator = generator
        self.listeners = listeners
        self.samples = mixtures.shape[-1]
        self.precision = partial(computing_in, settings.steering.precision, mixtures.device)
        self.precision_of_products = partial(multiplying_in, settings.steering.precision)
        self.quantisers = [generator.quantiser(settings.generator.codebook, seed) for seed in seeds]
        with torch.no_grad(), self.precision_of_products():
            self.start = generator.encode(F.pad(mixtures, (0, -self.samples % generator.hop)))
            self.masks = self._masks(mixtures, settings) if settings.mask.kind != "none" else []

    def _masks(self, mixtures: Tensor, settings: RunSettings) -> list[Callable[[Tensor], Tensor]]:
        """For each FFT size, what makes of a steered signal the one that the taggers hear."""
        signals = {"mixture": mixtures}
        if settings.needs_reconstruction:
            signals["reconstruction"] = self._decode(self.generator.quantiser("frozen")(self.start))
        masks: list[Callable[[Tensor], Tensor]] = []
        for n_fft in settings.mask.fft_sizes:
            spectrograms = {name: stft(signal, n_fft, settings.mask.edges) for name, signal in signals.items()}
            compared, passing = spectrograms[settings.mask.compared_with], spectrograms[settings.mask.applied_to]
            masks.append(partial(masked, compared=compared, passing=passing, n_fft=n_fft, edges=settings.mask.edges))
        return masks

    def _decode(self, quantised: Tensor) -> Tensor:
        return self.generator.decode(quantised)[:, : self.samples]

    def steered(self, latents: Sequence[Tensor]) -> Tensor:
        """The decoded signals `[batch, samples]` of latents `[1, channels, frames]` each; moves codebooks that move."""
        quantised = torch.cat([quantise(own) for quantise, own in zip(self.quantisers, latents, strict=True)])
        with self.precision():
            return self._decode(quantised).to(quantised.dtype)

    def heard(self, steered: Tensor) -> Tensor:
        """What the taggers hear, `[signals, batch, samples]`: masked at each FFT size, or the steered signals."""
        return torch.stack([mask(steered) for mask in self.masks]) if self.masks else steered[None]

    def loss(self, steered: Tensor) -> tuple[Tensor, Tensor]:
        """The losses of steered signals and the wanted tags' mean probabilities, each `[batch]`."""
        heard = self.heard(steered)
        with self.precision():
            losses, probabilities = zip(*(listener(heard) for listener in self.listeners), strict=True)
        return torch.cat(losses).mean(dim=0), torch.cat(probabilities).mean(dim=0)


class Ascent:
    """Adam on the latents of a batch of excerpts, a step at a time; generator and taggers do not change.

    It can be interrupted: `state` holds all that another process needs to go on as if nothing had happened.
    """

    def __init__(self, steering: Steering, settings: RunSettings) -> None:
        self.steering = steering
        self.settings = settings
        self.step = 0
        self.histories: list[list[Moment]] = [[] for _ in steering.start]
        self.kept: list[Tensor | None] = [None for _ in steering.start]
        self.latents = [latents[None].clone().requires_grad_(True) for latents in steering.start]
        self.rates = [settings.steering.learning_rate * self._unit(latents) for latents in self.latents]
        self.optimiser = torch.optim.Adam([{"params": [latents]} for latents in self.latents])

    def _unit(self, latents: Tensor) -> float:
        return latents.std().item() if self.settings.steering.learning_rate_unit == "latent-deviation" else 1.0

    @property
    def done(self) -> bool:
        """Whether all steps are taken, or no excerpt gets noticeably better any more."""
        over = [self._on_plateau(history) or self._has_ended(history) for history in self.histories]
        return self.step >= self.settings.steering.steps or all(over)

    def _on_plateau(self, history: list[Moment]) -> bool:
        patience = self.settings.steering.patience
        if patience is None or len(history) <= patience:
            return False
        losses = [moment.loss for moment in history]
        return min(losses[-patience:]) > (1 - NOTICEABLE) * min(losses[:-patience])

    def _has_ended(self, history: list[Moment]) -> bool:
        """Whether an excerpt was heard for the last time: it was on a plateau, while others of its batch go on."""
        return self._on_plateau(history[:-1])

    def advance(self) -> None:
        """Take one step.

        Raises:
            UserError: the loss or its gradient is no longer a number.
        """
        steered = self.steering.steered(self.latents)
        losses, probabilities = self.steering.loss(steered)
        self.optimiser.zero_grad(set_to_none=True)
        with self.steering.precision_of_products():
            losses.sum().backward()
        self._listen(steered, losses, probabilities)
        for group, rate in zip(self.optimiser.param_groups, self.rates, strict=True):
            group["lr"] = rate * self._schedule()
        self.optimiser.step()
        for latents, history in zip(self.latents, self.histories, strict=True):
            if not (self._has_ended(history) or latents.detach().isfinite().all()):
                raise self._not_a_number("latents")
        self.step += 1

    def _schedule(self) -> float:
        """The share of the learning rate at this step."""
        if self.settings.steering.schedule == "constant":
            return 1.0
        return (1 + math.cos(math.pi * self.step / self.settings.steering.steps)) / 2

    def _listen(self, steered: Tensor, losses: Tensor, probabilities: Tensor) -> None:
        """Remember what was heard at this step, and the signals that are the last of an excerpt or the best so far."""
        for item, (loss, probability) in enumerate(zip(losses.tolist(), probabilities.tolist(), strict=True)):
            history = self.histories[item]
            if self._has_ended(history):
                continue
            if not math.isfinite(loss):
                raise self._not_a_number("loss")
            is_best = all(loss < moment.loss for moment in history)
            if is_best if self.settings.steering.keep == "best" else self._on_plateau(history):
                self.kept[item] = steered[item].detach().clone()
            history.append(Moment(self.step, loss, probability))

    def _not_a_number(self, what: str) -> UserError:
        return UserError(
            f"at step {self.step} of {self.settings.steering.steps} the {what} became infinite or not a number: "
            "lower learning_rate, or set precision: float32"
        )

    @torch.no_grad()
    def finish(self) -> list[Steered]:
        """What the last step came to, or the best one, for each excerpt."""
        steered = self.steering.steered(self.latents)
        self._listen(steered, *self.steering.loss(steered))
        return [
            Steered(last if kept is None else kept, history)
            for last, kept, history in zip(steered, self.kept, self.histories, strict=True)
        ]

    def state(self) -> dict[str, Any]:
        """Tensors and plain values, for `restore`."""
        return {
            "step": self.step,
            "latents": [latents.detach() for latents in self.latents],
            "optimiser": self.optimiser.state_dict(),
            "quantisers": [quantiser.state() for quantiser in self.steering.quantisers],
            "histories": [[asdict(moment) for moment in history] for history in self.histories],
            "kept": self.kept,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a `state` of an ascent of the same mixtures and settings."""
        self.step = state["step"]
        for own, saved in zip(self.latents, state["latents"], strict=True):
            own.data.copy_(saved)
        self.optimiser.load_state_dict(state["optimiser"])
        for quantiser, saved in zip(self.steering.quantisers, state["quantisers"], strict=True):
            quantiser.restore(saved)
        self.histories = [[Moment(**moment) for moment in history] for history in state["histories"]]
        self.kept = state["kept"]


def ascend(
    steering: Steering, settings: RunSettings, on_step: Callable[[Ascent], None] = lambda _: None
) -> list[Steered]:
    """Steer a batch of excerpts to the end; `on_step` hears of every step when it is taken."""
    ascent = Ascent(steering, settings)
    while not ascent.done:
        ascent.advance()
        on_step(ascent)
    return ascent.finish()


def chunk_seed(seed: int, run: str, track: str, source: str, chunk: int) -> int:
    """The seed of one chunk's ascent: the same on every machine, in whatever order the chunks are computed."""
    name = "\0".join([str(seed), run, track, source, str(chunk)])
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") >> 1
