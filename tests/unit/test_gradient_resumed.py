"""A solver that is interrupted and goes on elsewhere comes to the same bytes as one that is not."""

from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from small_problems import Excerpt, settings, solved, solver_of
from stemsteer.settings.run import RunSettings
from stemsteer.steering.base import Steered
from stemsteer.steering.checkpoints import read_checkpoint, write_checkpoint
from stemsteer.steering.gradient import GradientSolver

STEPS = 8
LOW = Excerpt((300, 4000), (0,), seed=1)
HIGH = Excerpt((200, 900, 6000), (1,), seed=2)
KEY = bytes(32)


def begun(excerpts: list[Excerpt], changes: RunSettings) -> GradientSolver:
    """As in a process of its own: with everything made anew."""
    return solver_of(excerpts, changes, samples=2000)


def interrupted(excerpts: list[Excerpt], changes: RunSettings, steps: list[int], path: Path) -> GradientSolver:
    """A solver that was interrupted after each of the `steps`, and put on disk."""
    running = begun(excerpts, changes)
    for step in steps:
        while running.step < step:
            running.advance()
        write_checkpoint(path, KEY, {"solver": running.state(), "seconds": 0.0})
        running = begun(excerpts, changes)
        saved = read_checkpoint(path, KEY, torch.device("cpu"))
        assert saved is not None
        running.restore(saved["solver"])
        assert running.step == step
    return running


def assert_same_bytes(found: list[Steered], expected: list[Steered]) -> None:
    assert [steered.history for steered in found] == [steered.history for steered in expected]
    for one, other in zip(found, expected, strict=True):
        assert one.audio.numpy().tobytes() == other.audio.numpy().tobytes()


@pytest.mark.parametrize("codebook", ["frozen", "reinit-ema"])
@pytest.mark.parametrize("keep", ["last", "best"])
@given(steps=st.lists(st.integers(0, STEPS), min_size=1, max_size=3).map(sorted), data=st.data())
@examples(max_examples=6)
def test_it_goes_on_as_if_nothing_had_happened(
    tmp_path_factory: pytest.TempPathFactory, codebook: str, keep: str, steps: list[int], data: st.DataObject
) -> None:
    changes = settings(
        steps=STEPS,
        codebook=codebook,
        keep=keep,
        schedule=data.draw(st.sampled_from(["constant", "cosine"])),
        patience=data.draw(st.sampled_from([None, 2])),
        learning_rate=data.draw(st.sampled_from([0.1, 3.0])),
    )
    excerpts = data.draw(st.sampled_from([[LOW], [LOW, HIGH]]))
    whole = begun(excerpts, changes)
    expected = solved(whole)
    possible = [min(step, whole.step) for step in steps]
    path = tmp_path_factory.mktemp("resumed") / "0.running"
    assert_same_bytes(solved(interrupted(excerpts, changes, possible, path)), expected)


def test_the_best_step_may_lie_before_the_interruption(tmp_path: Path) -> None:
    changes = settings(steps=STEPS, keep="best", codebook="reinit-ema", learning_rate=300)
    expected = solved(begun([LOW], changes))
    losses = [moment.loss for moment in expected[0].history]
    best = losses.index(min(losses))
    assert best < STEPS - 2
    resumed = interrupted([LOW], changes, [best + 2], tmp_path / "0.running")
    assert_same_bytes(solved(resumed), expected)


@pytest.mark.parametrize("forgotten", ["optimiser", "quantisers"])
def test_all_that_is_put_away_is_needed(forgotten: str) -> None:
    """Without Adam's averages, or the codebook that has moved, a solver goes elsewhere."""
    changes = settings(steps=STEPS, codebook="reinit-ema")
    expected = solved(begun([LOW], changes))
    first, second = begun([LOW], changes), begun([LOW], changes)
    while first.step < STEPS // 2:
        first.advance()
    state, other = first.state(), second.state()
    if forgotten == "quantisers":
        state["latents"] = {**state["latents"], "quantisers": other["latents"]["quantisers"]}
    else:
        state[forgotten] = other[forgotten]
    second.restore(state)
    (found,) = solved(second)
    assert found.history[: STEPS // 2] == expected[0].history[: STEPS // 2]
    assert found.history[-1] != expected[0].history[-1]
