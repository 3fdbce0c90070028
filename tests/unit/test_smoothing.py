"""Smoothed gradients: averages over random gains of parts, repeatable, resumable, and off unless somebody asks."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor

from small_problems import RATE, BandTagger, tones
from stemsteer.generators.codec import CodecLatents
from stemsteer.generators.components.components import ComponentsGenerator
from stemsteer.jobs.resources import steering_seconds
from stemsteer.settings.run import RunSettings
from stemsteer.sound.chunks import Chunk
from stemsteer.stages.steer import method_settings
from stemsteer.steering.base import solve
from stemsteer.steering.gradient import GradientSolver, GradientSteering
from stemsteer.steering.method import Method
from stemsteer.steering.problem import Problem, Wanted
from stemsteer.steering.smoothing import LEAST, Grades

LOW, HIGH = ((300.0, 4000.0), 0, 7), ((200.0, 900.0, 6000.0), 1, 8)
"""Frequencies of a mixture, Hz; the place of the wanted tag; the seed."""

WITHOUT_MASK: Mapping[str, Any] = {"mask": {"kind": "none"}, "stem": {"kind": "steered"}}
WITH_MASK: Mapping[str, Any] = {"mask": {"kind": "ratio", "fft_sizes": [512]}, "stem": {"kind": "masked"}}


def run(groups: Mapping[str, Any] = WITHOUT_MASK, **steering: Any) -> RunSettings:
    gradient = {"kind": "gradient", "steps": 4, "learning_rate": 0.1, "learning_rate_unit": "absolute", **steering}
    generator = {"kind": "components", "dictionaries": 2, "components": 3, "windows": [0.02], "iterations": 20}
    return RunSettings.model_validate({"generator": generator, "steering": gradient, **groups})


def begun(changes: RunSettings, excerpts: Sequence[tuple[tuple[float, ...], int, int]] = (LOW,)) -> GradientSolver:
    """As in a process of its own: with everything made anew."""
    method = Method(method_settings(changes), ComponentsGenerator(changes.generator), [BandTagger()])
    problems = [
        Problem(
            Chunk(index, 0, 4000),
            tones(frequencies, samples=4000)[0].numpy(),
            RATE,
            0,
            (Wanted("tone", {BandTagger.name: (tag,)}, seed),),
        )
        for index, (frequencies, tag, seed) in enumerate(excerpts)
    ]
    return GradientSteering(changes.steering, method).begin(problems)


def gradient_of_step(solver: GradientSolver) -> Tensor:
    """That by which the next step moves the gains of the first source."""
    solver.advance()
    gradient = solver.latents.latents[0].grad
    assert gradient is not None
    return gradient.clone()


def gradient_at(grades: Tensor) -> Tensor:
    """Of the loss of the gains at first, times some grades `[1, parts]`."""
    solver = begun(run(smoothing=1))
    losses, _ = solver.losses(solver.latents.decode_graded([grades]))  # type: ignore[attr-defined]
    return torch.autograd.grad(losses.sum(), solver.latents.latents)[0]


def drawn(draws: int, seed: int = LOW[2]) -> list[Tensor]:
    """The grades that a source draws, one time after the other."""
    latents = begun(run()).latents
    seen: list[Tensor] = []
    latents.decode_graded = lambda grades: seen.extend(grades)  # type: ignore[attr-defined]
    grades = Grades([seed])
    for _ in range(draws):
        grades.decode(latents)
    return seen


def test_the_gradient_is_the_mean_of_those_at_single_draws() -> None:
    expected = torch.stack([gradient_at(grades) for grades in drawn(3)]).mean(0)
    found = gradient_of_step(begun(run(smoothing=3)))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-7)
    assert not torch.allclose(found, gradient_at(torch.ones_like(expected)), rtol=1e-2)


def test_every_step_draws_anew() -> None:
    changes = run(smoothing=2, learning_rate=1e-9)
    solver = begun(changes)
    assert not torch.allclose(gradient_of_step(solver), gradient_of_step(solver), rtol=1e-3)


def test_grades_are_uniform_and_never_zero() -> None:
    grades = torch.cat(drawn(500)).flatten()
    assert LEAST > 0
    assert LEAST <= grades.min() < LEAST + 0.02
    assert 0.98 < grades.max() <= 1
    assert grades.mean().item() == pytest.approx((LEAST + 1) / 2, abs=0.02)
    assert grades.std().item() == pytest.approx((1 - LEAST) / 12**0.5, abs=0.02)


def test_each_seed_has_draws_of_its_own() -> None:
    assert torch.equal(drawn(1, seed=1)[0], drawn(1, seed=1)[0])
    assert not torch.equal(drawn(1, seed=1)[0], drawn(1, seed=2)[0])


def test_without_smoothing_nothing_is_drawn() -> None:
    solver = begun(run(smoothing=0))
    before = [state.clone() for state in solver.grades.state()]
    found = gradient_of_step(solver)
    assert torch.equal(found, gradient_at(torch.ones_like(found)))
    assert all(torch.equal(one, other) for one, other in zip(before, solver.grades.state(), strict=True))


def test_what_is_told_of_a_step_is_heard_of_the_gains_themselves() -> None:
    plain, smoothed = begun(run(smoothing=0)), begun(run(smoothing=2))
    plain.advance()
    smoothed.advance()
    assert smoothed.histories == plain.histories


@pytest.mark.parametrize("groups", [WITHOUT_MASK, WITH_MASK])
@pytest.mark.parametrize("smoothing", [0, 2])
def test_the_wanted_tag_rises_and_gains_stay_between_0_and_1(groups: Mapping[str, Any], smoothing: int) -> None:
    """From below the bound: where all gains are 1 a mask is at its own bound, and rounding decides."""
    solver = begun(run(groups, smoothing=smoothing, steps=15))
    solver.latents.latents[0].data.fill_(0.9)
    ((steered,),) = solve(solver)
    assert steered.history[-1].target_probability > steered.history[0].target_probability
    assert steered.audio.shape == (4000,)
    (gains,) = solver.latents.latents
    assert 0 <= gains.min() < gains.max() <= 1


def test_a_gain_that_has_left_its_range_comes_back() -> None:
    """It is put back, and its gradient is not lost."""
    solver = begun(run())
    with torch.no_grad():
        solver.latents.latents[0][:] = torch.tensor([[1.5, -0.5, 0.5, 1.5, -0.5, 0.5]])
    gradient = gradient_of_step(solver)
    assert gradient.ne(0).all()


@pytest.mark.parametrize("step", [1, 3])
def test_it_goes_on_to_the_same_bytes(step: int) -> None:
    changes = run(smoothing=2)
    expected = solve(begun(changes, [LOW, HIGH]))
    first, second = begun(changes, [LOW, HIGH]), begun(changes, [LOW, HIGH])
    while first.step < step:
        first.advance()
    second.restore(first.state())
    for (found,), (other,) in zip(solve(second), expected, strict=True):
        assert found.audio.numpy().tobytes() == other.audio.numpy().tobytes()
        assert found.history == other.history


def test_the_random_generators_are_needed_to_go_on() -> None:
    changes = run(smoothing=2)
    ((expected,),) = solve(begun(changes))
    first, second = begun(changes), begun(changes)
    first.advance()
    second.restore({**first.state(), "grades": second.grades.state()})
    ((found,),) = solve(second)
    assert found.history[-1] != expected.history[-1]


def test_a_source_comes_out_the_same_in_a_batch() -> None:
    changes = run(smoothing=2)
    ((alone,),) = solve(begun(changes, [HIGH]))
    _, (beside,) = solve(begun(changes, [LOW, HIGH]))
    torch.testing.assert_close(beside.audio, alone.audio, rtol=1e-4, atol=1e-5)


def test_only_gains_of_parts_can_be_graded() -> None:
    with pytest.raises(TypeError, match="CodecLatents are no gains of parts"):
        Grades([0]).decode(CodecLatents.__new__(CodecLatents))


@pytest.mark.parametrize(
    ("groups", "sentence"),
    [
        ({"preset": "codec", "steering": {"smoothing": 4}}, "smoothing draws gains of parts, and the generator codec"),
        ({"steering": {"kind": "gradient"}}, "have no deviation: set learning_rate_unit: absolute"),
    ],
)
def test_settings_that_do_not_fit_are_refused(groups: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        RunSettings.model_validate(groups)


def test_a_job_asks_for_more_time() -> None:
    plain, smoothed = (steering_seconds(run(smoothing=draws), 60, 1, on_gpu=False) for draws in (0, 4))
    assert smoothed == 5 * plain
