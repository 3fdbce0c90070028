"""How sources share out the parts of a mixture."""

import pytest
import torch
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from stemsteer.generators.parts import Sounds
from stemsteer.steering.perturbation.sharing import USUALLY_LOW, fits_sound, shares

SCORES = torch.tensor([[4.0, 0.0], [0.0, 4.0], [-4.0, -4.0], [2.0, 2.0]]).double()
PRESENT = torch.ones(2).double()


@given(
    scores=st.lists(st.lists(st.floats(-1e4, 1e4), min_size=3, max_size=3), min_size=1, max_size=8),
    presence=st.lists(st.floats(0, 1), min_size=3, max_size=3),
)
@examples(max_examples=50)
def test_sources_and_the_rest_sum_to_one(scores: list[list[float]], presence: list[float]) -> None:
    found = shares(torch.tensor(scores).double(), torch.tensor(presence).double())
    assert found.shape == (len(scores), 3)
    assert (found >= 0).all()
    assert (found.sum(1) <= 1 + 1e-12).all()


def test_a_part_goes_to_the_source_that_it_fits_and_else_to_the_rest() -> None:
    found = shares(SCORES, PRESENT)
    assert found[0, 0] > 0.9
    assert found[1, 1] > 0.9
    assert found[2].sum() < 0.1
    torch.testing.assert_close(found[3, 0], found[3, 1])


def test_sharper_scores_decide_more() -> None:
    softer, sharper = shares(SCORES / 2, PRESENT), shares(SCORES * 2, PRESENT)
    assert sharper[0, 0] > softer[0, 0]
    assert sharper[0, 1] < softer[0, 1]


def test_an_absent_source_takes_little_of_what_fits_both() -> None:
    found = shares(SCORES, torch.tensor([1.0, 0.0]).double())
    assert found[3, 1] < 0.05 * found[3, 0]
    assert found[3, 1] > 0
    assert (found[:, 0] >= shares(SCORES, PRESENT)[:, 0]).all()


def test_without_a_weight_of_presence_all_compete_alike() -> None:
    found = shares(SCORES, torch.tensor([1.0, 0.1]).double(), presence_weight=0.0)
    torch.testing.assert_close(found, shares(SCORES, PRESENT))


def test_the_order_of_the_sources_does_not_matter() -> None:
    presence = torch.tensor([0.3, 0.9]).double()
    found = shares(SCORES.flip(1), presence.flip(0)).flip(1)
    torch.testing.assert_close(found, shares(SCORES, presence))


SOUNDS = Sounds(
    centroids=torch.tensor([5000.0, 800.0, 90.0]),
    percussive=torch.tensor([0.95, 0.05, 0.05]),
    low=torch.tensor([0.0, 0.0, 1.0]),
)
"""A hi-hat, a flute, a bass."""


@pytest.mark.parametrize("source", ["vocals", "guitar", "strings"])
def test_percussive_sounds_fit_drums_and_long_ones_all_others(source: str) -> None:
    drums, other = (fits_sound(name, SOUNDS, 2.0, 0.5) for name in ("drums", source))
    assert drums[0] > 0 > drums[1]
    assert other[1] > 0 > other[0]
    assert other[2] < other[1]


def test_low_sounds_fit_the_bass_and_none_of_the_others() -> None:
    bass, piano, guitar, drums = (fits_sound(name, SOUNDS, 2.0, 0.5) for name in ("bass", "piano", "guitar", "drums"))
    assert bass[2] > bass[1] > 0
    assert bass[2] > piano[2] > guitar[2]  # a piano reaches as low as a bass
    assert bass[1] < piano[1]
    # The flute is as long as the bass: low sounds say nothing of drums.
    assert drums[2] == drums[1]
    # For a percussive sound it is as for all that are no drums.
    assert bass[0] < 0


def test_a_usual_share_of_low_energy_speaks_neither_for_bass_nor_against_it() -> None:
    usual = Sounds(torch.tensor([150.0]), torch.tensor([0.5]), torch.tensor([USUALLY_LOW]))
    for source in ("bass", "piano"):
        assert fits_sound(source, usual, 2.0, 0.5).item() == pytest.approx(0, abs=1e-6)
    lower = Sounds(usual.centroids, usual.percussive, usual.low + 0.1)
    assert fits_sound("bass", lower, 2.0, 0.5) > 0 > fits_sound("piano", lower, 2.0, 0.5)


def test_weights_of_zero_say_nothing() -> None:
    for source in ("drums", "bass", "piano"):
        assert not fits_sound(source, SOUNDS, 0.0, 0.0).any()


def test_sounds_that_are_all_or_nothing_have_finite_scores() -> None:
    extremes = torch.tensor([0.0, 1.0])
    for source in ("drums", "bass", "piano"):
        assert torch.isfinite(fits_sound(source, Sounds(extremes, extremes, extremes), 2.0, 0.5)).all()
