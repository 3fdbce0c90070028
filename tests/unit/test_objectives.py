"""TagBox's loss against its formula, term by term."""

import math

import torch

from stemsteer.steering.objectives.cross_entropy import cross_entropy, target_vector
from stemsteer.taggers.base import tag_probabilities


def test_the_loss_is_the_cross_entropy_of_the_windows_mean_probability() -> None:
    logits = torch.tensor([[[0.0, 2.0, -1.0], [1.0, -3.0, 0.5]]], dtype=torch.float64)
    target = target_vector([1], 3)[None].double()

    def probability(tag: int) -> float:
        return sum(1 / (1 + math.exp(-logits[0, window, tag].item())) for window in range(2)) / 2

    expected = -(math.log(1 - probability(0)) + math.log(probability(1)) + math.log(1 - probability(2))) / 3
    assert cross_entropy(logits, target, torch.sigmoid).shape == (1,)
    torch.testing.assert_close(cross_entropy(logits, target, torch.sigmoid).item(), expected)
    torch.testing.assert_close(tag_probabilities(logits, torch.sigmoid)[0, 1].item(), probability(1))


def test_hearing_the_wanted_tag_alone_costs_nothing() -> None:
    logits = torch.tensor([[[-50.0, 50.0, -50.0]]])
    assert cross_entropy(logits, target_vector([1], 3)[None], torch.sigmoid).item() < 1e-6
    assert cross_entropy(logits, target_vector([0], 3)[None], torch.sigmoid).item() > 10


def test_the_target_is_one_on_the_tags_and_zero_elsewhere() -> None:
    assert target_vector([0, 3], 5).tolist() == [1, 0, 0, 1, 0]


def test_a_logit_that_is_no_number_makes_the_loss_of_its_excerpt_none() -> None:
    logits = torch.tensor([[[0.5, -0.5]], [[math.nan, -0.5]], [[math.inf, -0.5]]], requires_grad=True)
    target = target_vector([0], 2).repeat(3, 1)
    losses = cross_entropy(logits, target, torch.sigmoid)
    assert losses.isnan().tolist() == [False, True, False]
    losses.sum().backward()
    alone = logits.detach()[:1].requires_grad_(True)
    cross_entropy(alone, target[:1], torch.sigmoid).sum().backward()
    assert torch.equal(logits.grad[0], alone.grad[0])
