"""What parts do to answers: known effects are found again, and the regression is scikit-learn's."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge
from torch import Tensor

from stemsteer.steering.perturbation.effects import effects, effects_of_dictionaries
from stemsteer.steering.perturbation.subsets import draw_subsets

PARTS = 6
TRUE = torch.tensor([[2.0, 0.0], [0.0, 1.0], [-1.0, 0.5], [0.0, 0.0], [0.5, 0.0], [0.0, -3.0]]).double()


def drawn(subsets: int = 60) -> Tensor:
    return draw_subsets([range(PARTS)], subsets, (0.4, 0.7), 0)[:, 0].double()


def test_linear_effects_are_found_again() -> None:
    """In standard deviations of the answers, whatever the answers' zero is."""
    kept = drawn()
    answers = kept @ TRUE + torch.tensor([5.0, -7.0])
    found = effects(kept, answers, penalty=1e-9)
    torch.testing.assert_close(found, TRUE / answers.std(0, correction=0), rtol=0, atol=1e-6)


@pytest.mark.parametrize("penalty", [0.1, 1.0, 10.0])
def test_it_is_scikit_learns_ridge_regression_on_standard_answers(penalty: float) -> None:
    kept = drawn()
    answers = kept @ TRUE + torch.randn(60, 2, generator=torch.Generator().manual_seed(1))
    standard = (answers - answers.mean(0)) / answers.std(0, correction=0)
    expected = Ridge(alpha=penalty).fit(kept.numpy(), standard.numpy()).coef_.T
    np.testing.assert_allclose(effects(kept, answers, penalty), expected, rtol=1e-6, atol=1e-9)


def test_more_penalty_is_less_effect() -> None:
    kept = drawn()
    sizes = [float(effects(kept, kept @ TRUE, penalty).square().sum()) for penalty in (0.1, 1.0, 10.0)]
    assert sizes == sorted(sizes, reverse=True)


def test_an_answer_that_never_changes_has_no_effects() -> None:
    found = effects(drawn(), torch.full((60, 1), 3.0), penalty=1.0)
    torch.testing.assert_close(found, torch.zeros(PARTS, 1, dtype=torch.float64))


def test_fewer_subsets_than_parts_still_say_something() -> None:
    kept = drawn(4)
    assert torch.isfinite(effects(kept, kept @ TRUE, penalty=1.0)).all()


def test_each_dictionary_answers_for_its_own_parts() -> None:
    dictionaries = [range(PARTS), range(PARTS, 2 * PARTS)]
    subsets = draw_subsets(dictionaries, 60, (0.4, 0.7), 3).double()
    both = torch.cat([TRUE, -TRUE])
    answers = subsets @ both
    found = effects_of_dictionaries(subsets, answers, dictionaries, 1e-9)
    spreads = answers.std(0, correction=0)
    expected = torch.cat([TRUE / spreads[0], -TRUE / spreads[1]])
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-6)
