"""The subsets of parts that taggers are asked about."""

import pytest
import torch
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from stemsteer.steering.perturbation.subsets import draw_subsets

DICTIONARIES = [range(5), range(5, 12), range(12, 14)]


@given(
    sizes=st.lists(st.integers(2, 20), min_size=1, max_size=4),
    pairs=st.integers(2, 20),
    kept=st.tuples(st.floats(0.01, 0.99), st.floats(0.01, 0.99)),
    seed=st.integers(0, 2**63 - 1),
)
@examples(max_examples=50)
def test_every_second_subset_is_a_complement(
    sizes: list[int], pairs: int, kept: tuple[float, float], seed: int
) -> None:
    starts = [sum(sizes[:index]) for index in range(len(sizes))]
    dictionaries = [range(start, start + size) for start, size in zip(starts, sizes, strict=True)]
    subsets = draw_subsets(dictionaries, 2 * pairs, kept, seed)
    assert subsets.shape == (2 * pairs, len(sizes), sum(sizes))
    assert set(subsets.unique().tolist()) == {0, 1}
    for index, places in enumerate(dictionaries):
        own = subsets[:, index, places.start : places.stop]
        assert (own[0::2] + own[1::2] == 1).all()
        assert (own.mean(0) == 0.5).all()  # every part is kept in exactly half of them
        assert (own.sum(1) > 0).all()  # and no subset is silent
        assert subsets[:, index].sum() == own.sum()  # of other dictionaries it has nothing


def test_the_first_of_a_pair_keeps_as_many_as_is_asked_for() -> None:
    subsets = draw_subsets([range(100)], 400, (0.4, 0.7), 0)
    sizes = subsets[0::2, 0].sum(1)
    assert 40 <= sizes.min() < 45
    assert 65 < sizes.max() <= 70


def test_a_seed_decides_all() -> None:
    first, again, other = (draw_subsets(DICTIONARIES, 8, (0.4, 0.7), seed) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_dictionaries_are_drawn_from_one_after_the_other() -> None:
    """So that more of them do not change the questions about the first."""
    few, many = (draw_subsets(DICTIONARIES[:number], 8, (0.4, 0.7), 1) for number in (1, 3))
    torch.testing.assert_close(many[:, 0, :5], few[:, 0])


@pytest.mark.parametrize("places", [range(2), range(3)])
def test_of_two_or_three_parts_one_at_least_is_kept(places: range) -> None:
    assert (draw_subsets([places], 20, (0.9, 0.99), 0).sum(-1) >= 1).all()
