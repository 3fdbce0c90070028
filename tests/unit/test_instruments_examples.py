"""Examples that the taggers of instruments are trained with: what is said to be heard can be heard."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import mannwhitneyu
from torch import Tensor

from stemsteer.taggers.instruments.front_end import MELS
from stemsteer.taggers.instruments.training import examples as making
from stemsteer.taggers.instruments.training.examples import ExampleMaker, Examples, weights_of
from stemsteer.taggers.instruments.training.optimisation import area_under_curve, loss_of
from toy_clips import BANDS, FRAMES, HIGH, LOW, toy_clips

pytestmark = pytest.mark.usefixtures("one_thread")

WINDOW_SECONDS = 0.5


def drawn(clips: making.ClipTensors, batch: int, seed: int = 0) -> Examples:
    return ExampleMaker(clips, WINDOW_SECONDS, torch.Generator().manual_seed(seed)).draw(batch)


def loudest(heard: Tensor) -> Tensor:
    """In the bands of each instrument, relative to the example's loudest: `[batch, 2]`."""
    by_label = torch.stack([heard[:, bands].amax((1, 2)) for bands in BANDS], dim=1)
    return by_label - by_label.amax(1, keepdim=True)


def test_labels_are_true_of_what_is_heard() -> None:
    examples = drawn(toy_clips(20), 300)
    assert examples.heard.shape == (300, MELS, 25)
    assert examples.heard.isfinite().all()
    assert set(examples.labels.unique().tolist()) == set(examples.known.unique().tolist()) == {0, 1}
    assert (examples.known >= examples.labels).all()
    assert min(area_under_curve(loudest(examples.heard), examples.labels, examples.known)) > 0.97


def test_both_are_heard_of_two_that_play(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "TOGETHER", (1.0, 0.0, 0.0, 0.0, 0.0))
    assert (drawn(toy_clips(20), 100).labels.sum(1) <= 1).all()
    monkeypatch.setattr(making, "TOGETHER", (0.0, 1.0, 0.0, 0.0, 0.0))
    assert (drawn(toy_clips(20), 100).labels.sum(1) == 2).any()


def test_nobody_can_tell_an_instrument_that_is_wholly_hidden() -> None:
    # With one component, and of one instrument: what plays is there, or next to nothing is.
    clips = toy_clips(20, components=1)
    low = replace(clips, weights=clips.labels[:, 0])
    examples = drawn(low, 300)
    assert torch.equal(examples.known[:, 0], examples.labels[:, 0])
    assert not examples.labels[:, 1].any()
    assert examples.known[:, 1].all()
    hidden = examples.known[:, 0] == 0
    assert 3 < hidden.sum() < 100

    def contrast(heard: Tensor) -> Tensor:
        return heard[:, LOW].mean((1, 2)) - heard[:, HIGH].mean((1, 2))

    told = contrast(examples.heard)[~hidden]
    assert told.mean() > 0.5
    assert contrast(examples.heard)[hidden].mean() < 0.5 * told.mean()


def test_an_instrument_is_told_by_more_than_a_trace_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "TOGETHER", (1.0, 0.0, 0.0, 0.0, 0.0))
    # Next to all of its power is low; what it has of high sounds is heard clearly when the rest is hidden.
    clips = toy_clips(20, components=2)
    clips.spectra[:, HIGH, 0], clips.spectra[:, LOW, 0] = 0, 1
    clips.spectra[:, HIGH, 1], clips.spectra[:, LOW, 1] = 0.15, 0
    clips = replace(clips, magnitudes=clips.spectra @ clips.activations, weights=clips.labels[:, 0])
    examples = drawn(clips, 200)
    loudest_is_low = loudest(examples.heard)[:, 0] == 0
    assert loudest_is_low[examples.labels[:, 0] > 0].all()
    assert 10 < (~loudest_is_low & (examples.known[:, 0] == 0)).sum() < 100


def test_a_silent_instrument_is_neither_heard_nor_not_heard() -> None:
    clips = toy_clips(20)
    silent = replace(clips, magnitudes=clips.magnitudes * clips.labels[:, 1, None, None])
    only_silent = drawn(replace(silent, weights=clips.labels[:, 0]), 50)
    assert not only_silent.labels.any()
    assert not only_silent.known[:, 0].any()
    both = drawn(silent, 200)
    assert not both.labels[:, 0].any()
    assert 0 < both.known[:, 0].mean() < 1
    assert both.labels[:, 1].any()


@pytest.mark.parametrize(("level", "told"), [(1, (0.3, 0.6)), (1e-4, (0, 0.05))])
def test_nobody_can_tell_an_instrument_that_others_drown(
    monkeypatch: pytest.MonkeyPatch, level: float, told: tuple[float, float]
) -> None:
    monkeypatch.setattr(making, "TOGETHER", (0.0, 1.0, 0.0, 0.0, 0.0))
    monkeypatch.setattr(ExampleMaker, "_levels", lambda *_: torch.tensor([[1.0, level, 0.0, 0.0, 0.0]]))
    clips = toy_clips(20)
    # Two instruments in the same bands, which are different ones in half of the examples.
    clips.magnitudes[1::2], clips.spectra[1::2] = clips.magnitudes[::2], clips.spectra[::2]
    both = drawn(clips, 200).labels.all(1).float().mean()
    assert told[0] <= both <= told[1]


def test_drawing_is_the_same_for_the_same_state() -> None:
    clips = toy_clips(20)
    first, again, other = (drawn(clips, 8, seed) for seed in (1, 1, 2))
    for name, tensor in vars(first).items():
        assert torch.equal(getattr(again, name), tensor)
    assert not torch.equal(other.heard, first.heard)


def test_how_loud_a_clip_is_does_not_matter() -> None:
    clips = toy_clips(20)
    louder = replace(clips, magnitudes=clips.magnitudes * torch.tensor([1.0, 5.0]).repeat(10)[:, None, None])
    one, other = drawn(clips, 32), drawn(louder, 32)
    torch.testing.assert_close(one.heard, other.heard, rtol=0, atol=1e-3)
    assert torch.equal(one.known, other.known)


def test_examples_reach_to_the_end_of_a_clip() -> None:
    clips = toy_clips(2)
    clips.magnitudes[..., : FRAMES - 1] = 0
    profiles = torch.cat([drawn(clips, 1, seed).heard.amax(1) for seed in range(100)])
    heard_at_the_end = profiles[:, -1] - profiles[:, 0] > 0.5
    assert 1 <= heard_at_the_end.sum() < 20


def test_groups_are_drawn_as_often_as_their_shares() -> None:
    programs = torch.tensor([0, 1, 0, 40, 99])
    weights = weights_of(programs, [(frozenset({0, 1}), 0.6), (frozenset({40}), 0.3), (frozenset({70}), 0.1)])
    torch.testing.assert_close(weights, torch.tensor([0.2, 0.2, 0.2, 0.3, 0.04]))


def test_the_loss_counts_what_is_known() -> None:
    logits = torch.tensor([[2.0, 0.0], [-1.0, 5.0]])
    examples = Examples(torch.zeros(2), torch.tensor([[1.0, 0.0], [0.0, 0.0]]), torch.tensor([[1.0, 1.0], [1.0, 0.0]]))
    wanted = [math.log1p(math.exp(-2)), math.log(2), math.log1p(math.exp(-1))]
    assert loss_of(logits, examples).item() == pytest.approx(sum(wanted) / 3)


def test_the_area_under_the_curve_by_hand() -> None:
    logits = torch.tensor([[3.0, 1.0, 0.0], [2.0, 1.0, 0.0], [1.0, 1.0, 0.0], [9.0, 0.0, 0.0]])
    labels = torch.tensor([[1.0, 1.0, 1.0], [0.0, 0.0, 1.0], [1.0, 0.0, 1.0], [0.0, 0.0, 1.0]])
    known = torch.tensor([[1.0, 1.0, 1.0], [1.0, 1.0, 1.0], [1.0, 1.0, 1.0], [0.0, 1.0, 1.0]])
    one, ties, nothing = area_under_curve(logits, labels, known)
    assert one == 0.5  # 3 over 2, and 1 not
    assert ties == pytest.approx((0.5 + 0.5 + 1) / 3)
    assert math.isnan(nothing)


def test_the_area_under_the_curve_is_that_of_mann_and_whitney() -> None:
    random = np.random.default_rng(6)
    labels = (random.random((200, 3)) < [0.1, 0.5, 0.9]).astype(np.float32)
    logits = np.round(random.normal(size=(200, 3)) + labels, 1).astype(np.float32)  # with ties
    tensors = (torch.from_numpy(logits), torch.from_numpy(labels), torch.ones(200, 3))
    for number, area in enumerate(area_under_curve(*tensors)):
        truth = labels[:, number] > 0
        scores = logits[:, number]
        statistic = mannwhitneyu(scores[truth], scores[~truth]).statistic
        assert area == pytest.approx(statistic / (truth.sum() * (~truth).sum()), abs=1e-5)
