"""Steering by gradient: Adam on the latents of each source, as TagBox does.

Manilow et al., "Source Separation By Steering Pretrained Music Models", arXiv 2110.13071, Algorithm 1.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

import torch
from torch import Tensor

from stemsteer.devices import computing_in, multiplying_in
from stemsteer.errors import UserError
from stemsteer.steering.base import Moment, Solver, Steered, Steering
from stemsteer.steering.hearing import Heard, Hearing
from stemsteer.steering.method import Method
from stemsteer.steering.objectives import OBJECTIVES
from stemsteer.steering.problem import Problem, mixtures_of, wanted_in
from stemsteer.steering.settings import GradientSettings
from stemsteer.steering.smoothing import Grades

NOTICEABLE = 1e-3
"""On a plateau, the best loss falls by less than this share of itself."""


class GradientSteering(Steering):
    """Adam on the latents of each source; generator and taggers do not change."""

    settings: GradientSettings

    def __init__(self, settings: GradientSettings, method: Method) -> None:
        self.settings, self.method = settings, method

    def begin(self, problems: Sequence[Problem]) -> "GradientSolver":
        return GradientSolver(self.settings, self.method, problems)


class GradientSolver(Solver):
    """Adam on the latents of all sources of some problems, a step at a time.

    Attributes:
        latents: of the sources, one problem after the other.
        hearing: what the taggers hear of their steered signals.
        histories: of the sources.
        grades: random ones of each source's gains, where the gradient is smoothed.
    """

    def __init__(self, settings: GradientSettings, method: Method, problems: Sequence[Problem]) -> None:
        self.settings, self.method, self.problems = settings, method, problems
        self.objective: Callable[[Heard], Tensor] = OBJECTIVES[settings.objective]
        self.computing = partial(computing_in, settings.precision, method.device)
        self.multiplying = partial(multiplying_in, settings.precision)
        wanted, mixtures = wanted_in(problems), mixtures_of(problems, method.generator.like)
        with torch.no_grad(), self.multiplying():
            self.latents = method.generator.begin(mixtures, [source.seed for source in wanted])
            self.hearing = Hearing(method, wanted, mixtures, self.latents.unsteered)
        self.grades = Grades([source.seed for source in wanted])
        self.histories: list[list[Moment]] = [[] for _ in wanted]
        self.kept: list[Tensor | None] = [None for _ in wanted]
        leaves = self.latents.latents
        self.rates = [settings.learning_rate * self._unit(leaf) for leaf in leaves]
        self.optimiser = torch.optim.Adam([{"params": [leaf]} for leaf in leaves])

    def _unit(self, latents: Tensor) -> float:
        return latents.std().item() if self.settings.learning_rate_unit == "latent-deviation" else 1.0

    @property
    def done(self) -> bool:
        over = [self._on_plateau(history) or self._has_ended(history) for history in self.histories]
        return self.step >= self.settings.steps or all(over)

    def _on_plateau(self, history: list[Moment]) -> bool:
        patience = self.settings.patience
        if patience is None or len(history) <= patience:
            return False
        losses = [moment.loss for moment in history]
        return min(losses[-patience:]) > (1 - NOTICEABLE) * min(losses[:-patience])

    def _has_ended(self, history: list[Moment]) -> bool:
        """Whether a source was heard for the last time: it was on a plateau, while others go on."""
        return self._on_plateau(history[:-1])

    def steered(self) -> Tensor:
        """The signals `[sources, samples]` of the latents as they are; moves codebooks that move."""
        with self.computing():
            return self.latents.decode()

    def losses(self, steered: Tensor) -> tuple[Tensor, Tensor]:
        """The losses of steered signals, and the wanted labels' mean probabilities, each `[sources]`."""
        heard = self.hearing(steered)
        return self.objective(heard), heard.wanted_probabilities()

    def advance(self) -> None:
        self.optimiser.zero_grad(set_to_none=True)
        with torch.set_grad_enabled(not self.settings.smoothing):
            steered = self.steered()
            losses, probabilities = self.losses(steered)
        if self.settings.smoothing:
            self._smoothed_gradient()
        else:
            self._backward(losses)
        self._listen(steered, losses, probabilities)
        for group, rate in zip(self.optimiser.param_groups, self.rates, strict=True):
            group["lr"] = rate * self._schedule()
        self.optimiser.step()
        for latents, history in zip(self.latents.latents, self.histories, strict=True):
            if not (self._has_ended(history) or latents.detach().isfinite().all()):
                raise self._not_a_number("latents")
        self.step += 1

    def _smoothed_gradient(self) -> None:
        """The mean gradient over random graded gains, one draw after the other for want of memory."""
        for _ in range(self.settings.smoothing):
            with self.computing():
                graded = self.grades.decode(self.latents)
            self._backward(self.losses(graded)[0] / self.settings.smoothing)

    def _backward(self, losses: Tensor) -> None:
        with self.multiplying():
            losses.sum().backward()

    def _schedule(self) -> float:
        """The share of the learning rate at this step."""
        if self.settings.schedule == "constant":
            return 1.0
        return (1 + math.cos(math.pi * self.step / self.settings.steps)) / 2

    def _listen(self, steered: Tensor, losses: Tensor, probabilities: Tensor) -> None:
        """Remember what was heard at this step, and signals that are the last of a source or the best so far."""
        for item, (loss, probability) in enumerate(zip(losses.tolist(), probabilities.tolist(), strict=True)):
            history = self.histories[item]
            if self._has_ended(history):
                continue
            if not math.isfinite(loss):
                raise self._not_a_number("loss")
            is_best = all(loss < moment.loss for moment in history)
            if is_best if self.settings.keep == "best" else self._on_plateau(history):
                self.kept[item] = steered[item].detach().clone()
            history.append(Moment(self.step, loss, probability))

    def _not_a_number(self, what: str) -> UserError:
        return UserError(
            f"at step {self.step} of {self.settings.steps} the {what} became infinite or not a number: "
            "lower learning_rate, or set precision: float32"
        )

    @torch.no_grad()
    def finish(self) -> list[list[Steered]]:
        """The signal of the last step or of the best one, as the settings say."""
        steered = self.steered()
        self._listen(steered, *self.losses(steered))
        all_steered = iter(
            Steered(last if kept is None else kept, history, self._place_of_kept(history))
            for last, kept, history in zip(steered, self.kept, self.histories, strict=True)
        )
        return [[next(all_steered) for _ in problem.wanted] for problem in self.problems]

    def _place_of_kept(self, history: list[Moment]) -> int:
        losses = [moment.loss for moment in history]
        return losses.index(min(losses)) if self.settings.keep == "best" else len(losses) - 1

    def state(self) -> dict[str, Any]:
        return {
            "step": self.step,
            "latents": self.latents.state(),
            "optimiser": self.optimiser.state_dict(),
            "histories": [[asdict(moment) for moment in history] for history in self.histories],
            "kept": self.kept,
            "grades": self.grades.state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.step = state["step"]
        self.latents.restore(state["latents"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.histories = [[Moment(**moment) for moment in history] for history in state["histories"]]
        self.kept = state["kept"]
        self.grades.restore(state["grades"])
