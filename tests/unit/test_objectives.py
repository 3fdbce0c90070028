"""TagBox's loss against its formula, term by term."""

import math

import pytest
import torch

from small_problems import WITHOUT_MASK, BandTagger, Excerpt, method_of, settings, solved
from stemsteer.steering.gradient import GradientSteering
from stemsteer.steering.hearing import Heard, HeardByTagger, targets_of
from stemsteer.steering.objectives import OBJECTIVES
from stemsteer.steering.objectives.cross_entropy import cross_entropy
from stemsteer.steering.problem import Wanted
from stemsteer.taggers.base import tag_probabilities


def heard(logits: torch.Tensor, *tags: int) -> Heard:
    """By one tagger with a sigmoid: logits `[sources, windows, labels]` of one view, of sources with the same tags."""
    wanted = torch.zeros(len(logits), logits.shape[2], dtype=logits.dtype)
    wanted[:, list(tags)] = 1
    nothing = torch.zeros(1, len(logits), 8)
    return Heard({"tagger": HeardByTagger(logits[None], wanted, torch.sigmoid)}, nothing, nothing[0], nothing[0])


def test_the_loss_is_the_cross_entropy_of_the_windows_mean_probability() -> None:
    logits = torch.tensor([[[0.0, 2.0, -1.0], [1.0, -3.0, 0.5]]], dtype=torch.float64)

    def probability(tag: int) -> float:
        return sum(1 / (1 + math.exp(-logits[0, window, tag].item())) for window in range(2)) / 2

    expected = -(math.log(1 - probability(0)) + math.log(probability(1)) + math.log(1 - probability(2))) / 3
    assert cross_entropy(heard(logits, 1)).shape == (1,)
    torch.testing.assert_close(cross_entropy(heard(logits, 1)).item(), expected)
    torch.testing.assert_close(tag_probabilities(logits, torch.sigmoid)[0, 1].item(), probability(1))


def test_hearing_the_wanted_tag_alone_costs_nothing() -> None:
    logits = torch.tensor([[[-50.0, 50.0, -50.0]]])
    assert cross_entropy(heard(logits, 1)).item() < 1e-6
    assert cross_entropy(heard(logits, 0)).item() > 10


def test_the_target_is_one_on_the_tags_and_zero_elsewhere() -> None:
    wanted = [Wanted("a", {"bands": [1]}, 0), Wanted("b", {"bands": [0, 1]}, 0)]
    assert targets_of(BandTagger(), wanted).tolist() == [[0, 1], [1, 1]]


def test_a_logit_that_is_no_number_makes_the_loss_of_its_excerpt_none() -> None:
    logits = torch.tensor([[[0.5, -0.5]], [[math.nan, -0.5]], [[math.inf, -0.5]]], requires_grad=True)
    losses = cross_entropy(heard(logits, 0))
    assert losses.isnan().tolist() == [False, True, False]
    losses.sum().backward()
    alone = logits.detach()[:1].requires_grad_(True)
    cross_entropy(heard(alone, 0)).sum().backward()
    assert torch.equal(logits.grad[0], alone.grad[0])


def quietest(heard: Heard) -> torch.Tensor:
    """An objective that is no part of StemSteer: nothing should be kept, whatever the taggers hear."""
    return heard.kept.square().mean(dim=(0, 2)) / heard.mixtures.square().mean(dim=1)


def test_an_objective_of_ones_own_steers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Added as CONTRIBUTING says: a function, and a line in the registry."""
    monkeypatch.setitem(OBJECTIVES._places, "quietest", f"{__name__}:quietest")
    wanted = settings(objective="quietest", steps=30, learning_rate=0.3, **WITHOUT_MASK)
    problem = Excerpt((300, 4000), ()).problem(0, torch.float32, 6003, {BandTagger.name: [0]})
    (steered,) = solved(GradientSteering(wanted.steering, method_of(wanted, [BandTagger()])).begin([problem]))
    assert steered.history[-1].loss < 0.98 * steered.history[0].loss


def test_what_is_kept_and_what_is_taken_away_is_the_whole() -> None:
    solver = GradientSteering(settings().steering, method_of(settings(), [BandTagger()])).begin(
        [Excerpt((300, 4000), ()).problem(0, torch.float32, 6003, {BandTagger.name: [0]})]
    )
    found = solver.hearing(solver.steered())
    assert found.kept.shape == (2, 1, 6003)  # FFT sizes, sources, samples
    torch.testing.assert_close(found.kept + found.taken_away, found.mixtures.expand(2, -1, -1))
