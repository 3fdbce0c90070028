"""Steering by perturbation: what taggers say of random subsets of a mixture's parts decides whose each part is.

audioLIME explains taggers in the same way, by muting sources (Haunschmid et al., arXiv 2008.00582).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from stemsteer.steering.base import Moment, Solver, Steered, Steering
from stemsteer.steering.keys import answers_key
from stemsteer.steering.method import Method
from stemsteer.steering.perturbation.answers import Answers
from stemsteer.steering.perturbation.decision import Decision, Listeners
from stemsteer.steering.perturbation.questions import AudibleParts, ask, ask_of_parts, take_apart
from stemsteer.steering.perturbation.subsets import draw_subsets
from stemsteer.steering.perturbation.taken import taken_parts
from stemsteer.steering.problem import Problem, Wanted
from stemsteer.steering.settings import PerturbationSettings


class PerturbationSteering(Steering):
    """Finite perturbations and a regression; no gradient is needed, and all sources share the answers."""

    settings: PerturbationSettings

    def __init__(self, settings: PerturbationSettings, method: Method) -> None:
        self.settings, self.method = settings, method

    def begin(self, problems: Sequence[Problem]) -> "PerturbationSolver":
        return PerturbationSolver(self.settings, self.method, problems)

    def answers_key(self, problem: Problem) -> bytes:
        return answers_key(self.method, self.settings.asked(), problem)


class PerturbationSolver(Solver):
    """Plays one subset of each dictionary at every step, of all problems at once.

    Taggers that know single parts hear the next few of these, too, so that they have heard all after the last step.
    """

    @torch.no_grad()
    def __init__(self, settings: PerturbationSettings, method: Method, problems: Sequence[Problem]) -> None:
        self.settings, self.method, self.problems = settings, method, problems
        self.listeners = Listeners(method.taggers)
        self.mixtures = [take_apart(method, problem) for problem in problems]
        self.subsets = [
            draw_subsets(mixture.parts.dictionaries, settings.subsets, settings.kept, problem.seed)
            for mixture, problem in zip(self.mixtures, problems, strict=True)
        ]
        self.answers: list[Answers] = []

    @property
    def done(self) -> bool:
        return self.step >= self.settings.subsets

    @torch.no_grad()
    def advance(self) -> None:
        if self.step == 0:
            whole = ask(self.method, self.method.taggers, self.mixtures, [mixture.whole for mixture in self.mixtures])
            self.answers = [Answers({name: logits[0] for name, logits in heard.items()}) for heard in whole]
        played = [subsets[self.step] for subsets in self.subsets]
        about = ask(self.method, self.method.taggers, self.mixtures, played)
        alone = [
            ask_of_parts(self.method, self.listeners.to_parts, mixture, self._next_parts(mixture))
            for mixture in self.mixtures
        ]
        self.answers = [known.with_more(*more) for known, *more in zip(self.answers, about, alone, strict=True)]
        self.step += 1

    def _next_parts(self, mixture: AudibleParts) -> range:
        number, steps = mixture.parts.number, self.settings.subsets
        return range(self.step * number // steps, (self.step + 1) * number // steps)

    def state(self) -> dict[str, Any]:
        return {"step": self.step, "answers": self.known()}

    def restore(self, state: dict[str, Any]) -> None:
        self.step = state["step"]
        self.answers = [Answers.from_state(answers) for answers in state["answers"]]

    def known(self) -> list[dict[str, Any]]:
        return [answers.state() for answers in self.answers]

    def know(self, known: Sequence[dict[str, Any]]) -> None:
        self.restore({"step": self.settings.subsets, "answers": known})

    @torch.no_grad()
    def finish(self) -> list[list[Steered]]:
        together = zip(self.problems, self.mixtures, self.subsets, self.answers, strict=True)
        return [self._share_out(*of_problem) for of_problem in together]

    def _share_out(self, problem: Problem, mixture: AudibleParts, subsets: Tensor, answers: Answers) -> list[Steered]:
        decision = Decision(self.settings, self.listeners, mixture, subsets, answers)
        gains = torch.stack([decision.gains(wanted.source) for wanted in problem.wanted])
        stems = mixture.parts.mix(gains.to(mixture.mixture))
        # Both are heard through the parts: what is mixed of all dictionaries is the mean over them.
        kept_and_rest = torch.cat([gains, 1 - gains]) / len(mixture.parts.dictionaries)
        heard = ask(self.method, self.method.taggers, [mixture], [kept_and_rest])[0]
        return [
            self._steered(wanted, place, decision, mixture, gains[place], stems[place], heard)
            for place, wanted in enumerate(problem.wanted)
        ]

    def _steered(
        self,
        wanted: Wanted,
        place: int,
        decision: Decision,
        mixture: AudibleParts,
        gains: Tensor,
        stem: Tensor,
        heard: Mapping[str, Tensor],
    ) -> Steered:
        probabilities = self.listeners.probability(wanted.source, heard)
        before, after = decision.probability(wanted.source), float(probabilities[place])
        rest = float(probabilities[len(probabilities) // 2 + place])
        history = [_moment(0, before), _moment(self.step, after)]
        facts = {"target_probability_rest": rest, "parts": taken_parts(mixture, gains)}
        return Steered(stem, history, kept=1, facts=facts)


def _moment(step: int, probability: float) -> Moment:
    """The loss is the cross-entropy of a probability."""
    return Moment(step, -float(torch.tensor(max(probability, 1e-12)).log()), probability)
