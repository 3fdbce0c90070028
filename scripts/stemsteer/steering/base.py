"""The interface of steerings: methods that change latents until the taggers hear the wanted sources."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from stemsteer.steering.problem import Problem
from stemsteer.steering.settings import SteeringSettings


@dataclass(frozen=True)
class Moment:
    """What was heard of a source before step `step`; the last moment is after the last step."""

    step: int
    loss: float
    target_probability: float


@dataclass(frozen=True)
class Steered:
    """What a steering made of one source in one chunk.

    Attributes:
        audio: the steered signal, of the shape of the problem's mixture.
        history: what was heard at each step.
        kept: the place in the history of the moment at which the signal was heard.
        facts: what else the steering tells of the source, in values that JSON can hold.
    """

    audio: Tensor
    history: list[Moment]
    kept: int
    facts: Mapping[str, Any] = field(default_factory=dict)


class Solver(ABC):
    """Some problems while they are solved, a step at a time.

    Attributes:
        step: how many steps have been taken.
    """

    step: int = 0

    @property
    @abstractmethod
    def done(self) -> bool:
        """Whether no step is left to take."""

    @abstractmethod
    def advance(self) -> None:
        """Take one step.

        Raises:
            UserError: the numbers are none any more.
        """

    @abstractmethod
    def finish(self) -> list[list[Steered]]:
        """What the steps came to: for each problem, for each of its sources."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """Tensors and plain values from which another process can go on to the same bytes; see `restore`."""

    @abstractmethod
    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a `state` of the same problems and method."""

    def known(self) -> list[dict[str, Any]]:
        """Of each problem, what another solver for other sources need not find out again: tensors and plain values."""
        return []

    def know(self, known: Sequence[dict[str, Any]]) -> None:
        """Take what another solver has found out about the same mixtures."""
        raise NotImplementedError("this solver has nothing to know")


class Steering(ABC):
    """A method of steering. Its class is called with its group of settings and a `Method`.

    Attributes:
        settings: the run's group `steering`.
    """

    settings: SteeringSettings

    @property
    def steps(self) -> int:
        """The most steps that it takes."""
        return self.settings.most_steps

    @property
    def sources_are_independent(self) -> bool:
        """Whether each source of a problem is steered as if it were alone."""
        return self.settings.sources_are_independent

    @property
    def solves_sources_together(self) -> bool:
        """Whether one solver is best for all sources of a problem."""
        return self.settings.solves_sources_together

    def answers_key(self, problem: Problem) -> bytes | None:
        """Of all that decides what a solver comes to know of a problem, whatever its sources; None for nothing."""
        return None

    @abstractmethod
    def begin(self, problems: Sequence[Problem]) -> Solver:
        """Start to solve some problems, whose chunks are equally long. No problem has an effect on another one."""


def solve(solver: Solver, on_step: Callable[[Solver], None] = lambda _: None) -> list[list[Steered]]:
    """Take all steps; `on_step` is called after each of them."""
    while not solver.done:
        solver.advance()
        on_step(solver)
    return solver.finish()
