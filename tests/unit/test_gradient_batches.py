"""The excerpts of a batch have nothing to do with each other: each ascends as it would alone."""

from typing import Any

import pytest
import torch
from torch import Tensor

from small_problems import WITHOUT_MASK, BandTagger, Excerpt, Scripted, method_of, settings, solved, solver_of, tones
from stemsteer.steering.base import Moment
from stemsteer.steering.gradient import GradientSteering
from stemsteer.taggers.base import Tagger
from stemsteer.taggers.labels import VocabularyLabels
from stemsteer.taggers.vocabularies import Vocabulary

BATCH = [
    Excerpt((300, 4000), (0,), seed=1),
    Excerpt((200, 900, 6000), (1,), seed=2),
    Excerpt((300, 4000), (1,), seed=1),
    Excerpt((300, 4000), (0, 1), seed=3),
]


class LoudnessTagger(Tagger):
    """One tag: how loud a window is; of other windows than the bands'."""

    labels = VocabularyLabels(Vocabulary("loudness", ("loud",)))
    window_seconds = 900 / 16_000
    name = "loudness"

    def window_logits(self, windows: Tensor) -> Tensor:
        return (windows.square().mean(dim=1, keepdim=True) + 1e-9).log() + 3


def assert_as_alone(changes: dict[str, Any], excerpts: list[Excerpt] = BATCH) -> None:
    """In double precision, where the order of a sum does not decide which code is nearest."""
    wanted = settings(**changes)
    together = solved(solver_of(excerpts, wanted, torch.float64))
    for excerpt, found in zip(excerpts, together, strict=True):
        (alone,) = solved(solver_of([excerpt], wanted, torch.float64))
        assert [moment.step for moment in found.history] == [moment.step for moment in alone.history]
        for name in ("loss", "target_probability"):
            values = [[getattr(moment, name) for moment in steered.history] for steered in (found, alone)]
            assert values[0] == pytest.approx(values[1], rel=1e-9, abs=1e-12)
        torch.testing.assert_close(found.audio, alone.audio, rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"codebook": "reinit-ema", "keep": "best"},
        {"codebook": "none"},
        {**WITHOUT_MASK, "learning_rate": 3},
        {"compared_with": "reconstruction", "applied_to": "reconstruction", "edges": "reflect"},
        {"learning_rate_unit": "absolute", "schedule": "cosine"},
    ],
)
def test_each_ascends_as_it_would_alone(changes: dict[str, Any]) -> None:
    assert_as_alone(changes)


@pytest.mark.parametrize("keep", ["last", "best"])
def test_one_on_a_plateau_ends_though_others_go_on(keep: str) -> None:
    changes = {"steps": 20, "patience": 2, "learning_rate": 3, "keep": keep}
    wanted = settings(**changes)
    ends = [len(steered.history) for steered in solved(solver_of(BATCH, wanted, torch.float64))]
    assert min(ends) < max(ends)
    assert_as_alone(changes)


def test_the_order_of_the_excerpts_does_not_matter() -> None:
    wanted = settings(codebook="reinit-ema")
    there = solved(solver_of(BATCH, wanted, torch.float64))
    back = solved(solver_of(BATCH[::-1], wanted, torch.float64))[::-1]
    for one, other in zip(there, back, strict=True):
        torch.testing.assert_close(one.audio, other.audio, rtol=0, atol=1e-9)


def test_tags_and_seeds_make_the_difference() -> None:
    """So that none of the above holds because nothing matters."""
    first, *others = solved(solver_of(BATCH, settings(codebook="reinit-ema")))
    assert all((first.audio - other.audio).abs().max() > 1e-3 for other in others)


def test_losses_of_taggers_with_other_windows_are_averaged_excerpt_by_excerpt() -> None:
    mixtures = torch.cat([tones(excerpt.frequencies, torch.float64) for excerpt in BATCH[:2]])
    steered = 0.3 * mixtures.flip(1)
    tags: list[tuple[Tagger, list[int]]] = [(BandTagger(), [0, 1]), (LoudnessTagger(), [0, 0])]

    def losses(items: slice, size: int | None = None, tagger: Tagger | None = None) -> Tensor:
        """Of some excerpts; with one FFT size and one tagger, or with all."""
        wanted = settings(fft_sizes=[512, 256] if size is None else [size])
        method = method_of(wanted, [own for own, _ in tags if tagger in (None, own)], dtype=torch.float64)
        problems = [
            excerpt.problem(index, torch.float64, 6003, {own.name: [places[index]] for own, places in tags})
            for index, excerpt in list(enumerate(BATCH[:2]))[items]
        ]
        return GradientSteering(wanted.steering, method).begin(problems).losses(steered[items])[0]

    found = losses(slice(None))
    for item in range(2):
        own = slice(item, item + 1)
        single = [losses(own, size, tagger) for size in (512, 256) for tagger, _ in tags]
        torch.testing.assert_close(found[own], torch.stack(single).mean(dim=0), rtol=1e-9, atol=0)


def test_what_becomes_of_an_excerpt_after_its_end_stops_nothing() -> None:
    wanted = settings(steps=6, patience=1)
    losses = [[1, 5], [1, 4], [1, 3], [float("nan"), 2], [float("inf"), 1], [0, 0.5], [0, 0.25]]
    ended, other = solved(Scripted(losses, wanted))
    assert ended.history == [Moment(step, 1.0, 1.0) for step in range(3)]
    assert [moment.loss for moment in other.history] == [5, 4, 3, 2, 1, 0.5, 0.25]
