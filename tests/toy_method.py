"""A generator that is no codec and a steering whose sources belong together: what CONTRIBUTING says of new ones.

The generator cuts a mixture into three bands; its latents are their gains. The steering gives each band to the source
whose tag it makes most probable, so that no two sources have the same band.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor

from stemsteer.generators import GENERATORS
from stemsteer.generators.base import Generator, Latents
from stemsteer.generators.settings import GeneratorSettings
from stemsteer.registries import Kind
from stemsteer.steering import STEERINGS
from stemsteer.steering.base import Moment, Solver, Steered, Steering
from stemsteer.steering.hearing import Hearing
from stemsteer.steering.method import Method
from stemsteer.steering.problem import Problem, mixtures_of
from stemsteer.steering.settings import SteeringSettings

EDGES = (0.0, 1000.0, 3000.0, 1e9)
"""Of the bands, Hz."""


class BandsSettings(GeneratorSettings):
    """Nothing can be set."""

    kind: Literal["bands"] = "bands"


class BandGains(Latents):
    """The gains of the bands of each mixture."""

    def __init__(self, mixtures: Tensor, rate: int) -> None:
        spectrum = torch.fft.rfft(mixtures)
        frequencies = torch.fft.rfftfreq(mixtures.shape[1], 1 / rate, device=mixtures.device)
        inside = [(frequencies >= low) & (frequencies < high) for low, high in pairwise(EDGES)]
        self.bands = torch.stack([torch.fft.irfft(spectrum * band, n=mixtures.shape[1]) for band in inside], dim=1)
        self.latents = [mixtures.new_ones(1, len(inside), requires_grad=True) for _ in mixtures]

    def decode(self) -> Tensor:
        return (torch.cat(self.latents)[:, :, None] * self.bands).sum(dim=1)

    def unsteered(self) -> Tensor:
        return self.bands.sum(dim=1)


class Bands(Generator):
    """A generator without weights and without codes."""

    sample_rate = 44100
    fingerprint = "bands"
    licence = "MIT"

    def begin(self, mixtures: Tensor, seeds: Sequence[int]) -> BandGains:
        return BandGains(mixtures, self.sample_rate)


def make_bands(settings: BandsSettings, codec: None) -> Bands:
    return Bands()


class SharingSettings(SteeringSettings):
    """Nothing but what all steerings have."""

    sources_are_independent: ClassVar[bool] = False

    kind: Literal["sharing"] = "sharing"

    @property
    def most_steps(self) -> int:
        return len(EDGES) - 1


class SharingSolver(Solver):
    """Plays one band after the other to the taggers; all sources have the same answers."""

    def __init__(self, method: Method, problems: Sequence[Problem]) -> None:
        self.method, self.problems = method, problems
        self.answers: list[list[Tensor]] = [[] for _ in problems]

    @property
    def done(self) -> bool:
        return self.step == len(EDGES) - 1

    @torch.no_grad()
    def advance(self) -> None:
        for problem, answers in zip(self.problems, self.answers, strict=True):
            latents, hearing = self._begin(problem)
            for gains in latents.latents:
                gains.data = torch.eye(len(EDGES) - 1)[self.step][None].to(gains)
            answers.append(hearing(latents.decode()).wanted_probabilities())
        self.step += 1

    def _begin(self, problem: Problem) -> tuple[Latents, Hearing]:
        mixtures = mixtures_of([problem], self.method.generator.like)
        latents = self.method.generator.begin(mixtures, [wanted.seed for wanted in problem.wanted])
        return latents, Hearing(self.method, problem.wanted, mixtures, latents.unsteered)

    @torch.no_grad()
    def finish(self) -> list[list[Steered]]:
        return [self._share(*of_problem) for of_problem in zip(self.problems, self.answers, strict=True)]

    def _share(self, problem: Problem, answers: list[Tensor]) -> list[Steered]:
        latents, hearing = self._begin(problem)
        owners = torch.stack(answers).argmax(dim=1)
        for source, gains in enumerate(latents.latents):
            gains.data = (owners == source)[None].to(gains)
        signals = latents.decode()
        probabilities = hearing(signals).wanted_probabilities()
        moments = [[Moment(self.step, 0.0, probability)] for probability in probabilities.tolist()]
        return [Steered(signal, history, 0) for signal, history in zip(signals, moments, strict=True)]

    def state(self) -> dict[str, Any]:
        return {"step": self.step, "answers": self.answers}

    def restore(self, state: dict[str, Any]) -> None:
        self.step, self.answers = state["step"], state["answers"]


class SharingSteering(Steering):
    """Sources share out the parts of a mixture."""

    def __init__(self, settings: SharingSettings, method: Method) -> None:
        self.settings, self.method = settings, method

    def begin(self, problems: Sequence[Problem]) -> SharingSolver:
        return SharingSolver(self.method, problems)


def register() -> None:
    """The lines that a new generator and a new steering have in their registries."""
    GENERATORS["bands"] = Kind(BandsSettings, f"{__name__}:make_bands")
    STEERINGS["sharing"] = Kind(SharingSettings, f"{__name__}:SharingSteering")
