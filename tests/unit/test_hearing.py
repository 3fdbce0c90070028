"""What taggers hear: logits by source, tagger and view, and what is wanted of them."""

import pytest
import torch

from small_problems import WITHOUT_MASK, BandTagger, method_of, settings, tones, two_tones
from stemsteer.masking.masks import masked, stft
from stemsteer.steering.hearing import Hearing
from stemsteer.steering.problem import Wanted


class OtherTagger(BandTagger):
    """Another tagger with the same logits."""

    name = "other bands"


WANTED = [
    Wanted("one", {"bands": [0], "other bands": [1]}, 0),
    Wanted("both", {"bands": [0, 1], "other bands": [0]}, 0),
]


def hearing(**changes) -> Hearing:
    method = method_of(settings(**changes), [BandTagger(), OtherTagger()])
    mixtures = torch.cat([two_tones(), two_tones()])
    return Hearing(method, WANTED, mixtures, unsteered=lambda: 0.5 * mixtures)


def test_there_are_logits_for_every_source_tagger_and_view() -> None:
    steered = torch.cat([tones((300,)), tones((4000,))])
    heard = hearing(fft_sizes=[512, 256, 128])(steered)
    assert list(heard.by_tagger) == ["bands", "other bands"]
    for by_tagger in heard.by_tagger.values():
        views, sources, _, labels = by_tagger.logits.shape
        assert (views, sources, labels) == (3, 2, 2)
        low = by_tagger.logits[:, :, 0].softmax(dim=2)[:, :, 0]
        assert (low[:, 0] > 0.9).all()
        assert (low[:, 1] < 0.1).all()
    assert heard.wanted_probabilities().shape == (2,)


def test_one_is_wanted_of_the_labels_of_a_source_and_zero_of_all_others() -> None:
    heard = hearing()(two_tones().repeat(2, 1))
    assert heard.by_tagger["bands"].wanted.tolist() == [[1, 0], [1, 1]]
    assert heard.by_tagger["other bands"].wanted.tolist() == [[0, 1], [1, 0]]


@pytest.mark.parametrize(
    ("against", "on"), [("mixture", "mixture"), ("reconstruction", "mixture"), ("mixture", "reconstruction")]
)
def test_a_view_is_what_the_mask_lets_through(against: str, on: str) -> None:
    mixtures, steered = two_tones().repeat(2, 1), 0.3 * tones((300, 2000)).repeat(2, 1)
    signals = {"mixture": mixtures, "reconstruction": 0.5 * mixtures}
    heard = hearing(compared_with=against, applied_to=on)(steered)
    for view, n_fft in zip(heard.kept, (512, 256), strict=True):
        compared, passing = (stft(signals[name], n_fft) for name in (against, on))
        assert torch.equal(view, masked(steered, compared, passing, n_fft))
    assert torch.equal(heard.whole, signals[on])
    assert torch.equal(heard.taken_away, signals[on] - heard.kept)
    assert torch.equal(heard.mixtures, mixtures)


def test_without_a_mask_the_steered_signal_is_heard() -> None:
    mixtures, steered = two_tones().repeat(2, 1), 0.3 * tones((300, 2000)).repeat(2, 1)
    heard = hearing(**WITHOUT_MASK)(steered)
    assert torch.equal(heard.kept, steered[None])
    assert torch.equal(heard.taken_away[0], mixtures - steered)
