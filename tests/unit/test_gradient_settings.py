"""The schedule of the learning rate, where steering by gradient ends, and which of its steps is kept."""

import math

import pytest
import torch

from small_problems import Scripted, settings, solved, solver
from stemsteer.settings.run import RunSettings
from stemsteer.steering.base import Steered


def rates(changes: RunSettings) -> list[float]:
    """The learning rates that Adam was given, step by step."""
    running = solver(changes)
    given = []
    while not running.done:
        running.advance()
        given.append(running.optimiser.param_groups[0]["lr"])
    return given


def scripted(losses: list[float], changes: RunSettings) -> tuple[Steered, Scripted]:
    """A solver that hears these losses, as many as it asks for."""
    chain = Scripted([[loss] for loss in losses], changes)
    (steered,) = solved(chain)
    return steered, chain


def steps_taken(losses: list[float], patience: int | None) -> int:
    """Of as many steps as there are losses before the last one."""
    steered, _ = scripted(losses, settings(steps=len(losses) - 1, patience=patience))
    assert [moment.loss for moment in steered.history] == pytest.approx(losses[: len(steered.history)], rel=1e-6)
    return steered.history[-1].step


def test_the_cosine_schedule_is_the_textbooks() -> None:
    changes = settings(steps=7, schedule="cosine", learning_rate=0.3, learning_rate_unit="absolute")
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimiser = torch.optim.SGD([parameter], lr=0.3)
    reference = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=7)
    expected = []
    for _ in range(7):
        expected.append(reference.get_last_lr()[0])
        optimiser.step()
        reference.step()
    assert rates(changes) == pytest.approx(expected, rel=1e-9)
    assert expected[0] == 0.3
    assert reference.get_last_lr()[0] == pytest.approx(0, abs=1e-9)


def test_without_a_schedule_the_rate_is_constant() -> None:
    assert rates(settings(steps=4, learning_rate=0.3, learning_rate_unit="absolute")) == [0.3] * 4


@pytest.mark.parametrize("unit", ["absolute", "latent-deviation"])
@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_the_first_step_moves_every_latent_by_the_rate(unit: str, schedule: str) -> None:
    """Adam's first step is the rate times the gradient's sign."""
    changes = settings(learning_rate=0.02, learning_rate_unit=unit, schedule=schedule)
    chain = solver(changes)
    chain.advance()
    moved = (chain.latents.latents[0].detach() - chain.latents.start).abs()
    expected = 0.02 * (chain.latents.start.std().item() if unit == "latent-deviation" else 1)
    assert moved.median().item() == pytest.approx(expected, rel=1e-3)
    assert moved.max().item() == pytest.approx(expected, rel=1e-3)


def test_the_last_steps_of_a_cosine_are_small() -> None:
    changes = settings(steps=30, schedule="cosine", learning_rate=0.3)
    running = solver(changes)
    moves = []
    while not running.done:
        before = running.latents.latents[0].detach().clone()
        running.advance()
        moves.append((running.latents.latents[0].detach() - before).abs().mean().item())
    assert moves[-1] < 0.02 * moves[0]


@pytest.mark.parametrize("patience", [1, 3, 6])
def test_a_solver_ends_where_the_loss_has_not_fallen_for_so_long(patience: int) -> None:
    falling = [1.0, 0.8, 0.6]
    assert steps_taken(falling + [0.6] * 20, patience) == 2 + patience + 1
    assert steps_taken(falling + [0.61, 0.9, 0.6, 0.7] * 5, patience) == 2 + patience + 1


def test_what_falls_by_less_than_a_thousandth_is_a_plateau() -> None:
    def falling_by(share: float) -> list[float]:
        return [(1 - share) ** step for step in range(21)]

    assert steps_taken(falling_by(0.0009), patience=1) == 2
    assert steps_taken(falling_by(0.0011), patience=1) == 20
    # Slow, but not over so many steps.
    assert steps_taken(falling_by(0.0006), patience=2) == 20


def test_a_worse_step_is_no_plateau_where_the_best_still_falls() -> None:
    zigzag = [loss for step in range(10) for loss in (1 - 0.05 * step, 2.0)]
    assert steps_taken(zigzag, patience=2) == len(zigzag) - 1
    assert steps_taken(zigzag, patience=1) == 2


def test_without_patience_all_steps_are_taken() -> None:
    assert steps_taken([1.0] * 12, patience=None) == 11


def test_patience_beyond_the_steps_changes_nothing() -> None:
    assert steps_taken([1.0] * 5, patience=9) == 4


@pytest.mark.parametrize(
    ("losses", "best"), [([3, 1, 2, 1.5], 1), ([3, 2, 2.5, 1], 3), ([1, 2, 3, 4], 0), ([3, 1, 1, 2], 1)]
)
def test_the_best_step_is_kept_where_that_is_asked_for(losses: list[float], best: int) -> None:
    steered, chain = scripted(losses, settings(steps=3, keep="best"))
    assert torch.equal(steered.audio, chain.signals[best][0])
    assert len(steered.history) == 4
    assert steered.kept == best
    steered, chain = scripted(losses, settings(steps=3, keep="last"))
    assert torch.equal(steered.audio, chain.signals[3][0])
    assert all((one - other).abs().max() > 1e-4 for one, other in zip(chain.signals, chain.signals[1:], strict=False))


def test_the_best_step_is_kept_of_a_solver_that_ended_on_a_plateau() -> None:
    steered, chain = scripted([3, 1, 2, 2, 2, 2, 2], settings(steps=6, keep="best", patience=3))
    assert steered.history[-1].step == 5
    assert torch.equal(steered.audio, chain.signals[1][0])


def test_the_kept_signal_is_heard_as_its_loss_says() -> None:
    """With a tagger that listens: what is kept is as good as the history says."""
    changes = settings(steps=8, keep="best", codebook="reinit-ema", learning_rate=3)
    chain = solver(changes)
    (steered,) = solved(chain)
    lowest = min(moment.loss for moment in steered.history)
    assert lowest < steered.history[-1].loss
    assert chain.losses(steered.audio[None])[0].item() == pytest.approx(lowest, rel=1e-5)
    assert math.isfinite(lowest)
