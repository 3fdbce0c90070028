"""What the judge hears: against the tagger's original code, and in the presence of levels, channels and silence."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from stemsteer.scores import metrics
from stemsteer.scores.judge import WINDOWS_AT_ONCE, TaggerJudge, load_judge
from stemsteer.sound import audio
from stemsteer.sound.audio import Signal
from stemsteer.taggers.base import Tagger
from stemsteer.taggers.labels import VocabularyLabels
from stemsteer.taggers.vocabularies import Vocabulary

TESTS = Path(__file__).resolve().parents[1]
# Made by tests/golden_scripts/musicnn_tensorflow.py, which runs the original code.
GOLDEN = json.loads((TESTS / "unit/golden/musicnn_tensorflow.json").read_text())
RATE = 16_000


class Loudness(Tagger):
    """Its logits are a window's mean power, and the number of the window among those that it hears at once."""

    name = "loudness"
    labels = VocabularyLabels(Vocabulary("loudness", ("loud", "late")))
    window_seconds = 1000 / 16_000

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[int] = []

    def window_logits(self, windows: Tensor) -> Tensor:
        self.heard.append(len(windows))
        return torch.stack([windows.square().mean(dim=1), torch.arange(len(windows)).float()], dim=1)


def sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value))


@pytest.fixture(scope="module")
def music() -> Signal:
    return audio.read(TESTS / "data" / GOLDEN["audio"])[0]


@pytest.mark.parametrize("source", ["vocals", "drums", "tag:slow"])
def test_it_is_the_original_codes_mean_over_tags_and_windows(music: Signal, source: str) -> None:
    judge = load_judge("MTT_musicnn", source)
    assert judge is not None
    original = np.array(GOLDEN["models"]["MTT_musicnn"]["probabilities"])
    tags = {"vocals": VOCAL_TAGS, "drums": ["drums", "beat", "beats"], "tag:slow": ["slow"]}[source]
    columns = [GOLDEN["models"]["MTT_musicnn"]["tags"].index(tag) for tag in tags]
    full_scale = np.ones((10, 1), np.float32)
    heard = judge.probabilities([music], full_scale, RATE)
    assert heard == pytest.approx([original[:, columns].mean()], abs=1e-4)


VOCAL_TAGS = [
    *("vocal", "female", "male", "singing", "vocals", "woman", "male vocal", "man", "choir"),
    *("voice", "male voice", "female vocal", "female voice", "choral"),
]


def test_an_estimate_is_heard_as_loud_as_it_is_beside_the_mixture() -> None:
    mixture = np.array([[0.25], [-0.5]] * 2000, np.float32)
    judge = TaggerJudge(Loudness(), [0])
    full, half, silent = judge.probabilities([mixture, 0.5 * mixture, 0 * mixture], mixture, RATE)
    power = (0.5**2 + 1) / 2
    assert (full, half, silent) == pytest.approx((sigmoid(power), sigmoid(power / 4), 0.5), abs=1e-6)
    assert judge.probabilities([0.01 * mixture], 0.01 * mixture, RATE) == pytest.approx([full], abs=1e-6)


def test_channels_are_heard_as_their_mean() -> None:
    left = np.array([[1.0], [-1.0]] * 2000, np.float32)
    judge = TaggerJudge(Loudness(), [0])
    both = judge.probabilities([np.hstack([left, left]), np.hstack([left, -left])], left, RATE)
    assert both == pytest.approx([sigmoid(1), 0.5], abs=1e-6)


def test_a_silent_mixture_is_heard_as_it_is() -> None:
    silence = np.zeros((4000, 2), np.float32)
    assert TaggerJudge(Loudness(), [0]).probabilities([silence], silence, RATE) == [0.5]


def test_memory_does_not_grow_with_the_track() -> None:
    tagger = Loudness()
    long = np.zeros((round(2.5 * WINDOWS_AT_ONCE) * tagger.window_samples, 1), np.float32)
    TaggerJudge(tagger, [0, 1]).probabilities([long], long, RATE)
    assert tagger.heard == [WINDOWS_AT_ONCE, WINDOWS_AT_ONCE, WINDOWS_AT_ONCE // 2]


def test_signals_are_resampled_to_the_taggers_rate() -> None:
    # A tone above the tagger's band is not heard, one within it is, at its power of 1/2.
    time = np.arange(44_100) / 44_100
    high, low = (np.sin(2 * np.pi * f * time)[:, None].astype(np.float32) for f in (12_000, 1000))
    heard = TaggerJudge(Loudness(), [0]).probabilities([high, low], low, 44_100)
    assert heard == pytest.approx([0.5, sigmoid(0.5)], abs=2e-3)


def test_no_judge_for_what_it_cannot_name() -> None:
    assert load_judge("MTT_musicnn", "bass") is None
    assert load_judge(None, "drums") is None


def test_scores_have_its_probabilities_and_their_change(music: Signal) -> None:
    mixture = music[:8000]
    reference = 0.5 * mixture[::-1]
    judge = TaggerJudge(Loudness(), [0])
    rows = metrics.score(0 * reference, mixture, {"masked": reference}, RATE, judge)
    heard = judge.probabilities([reference, mixture, 0 * mixture], mixture, RATE)
    assert [row["tag_probability"] for row in rows] == heard
    assert [row["tag_probability_change"] for row in rows] == [h - heard[1] for h in heard]
    # A silent reference leaves only what needs one undefined.
    assert str(rows[0]["warning"]).endswith("the reference is silent: no figure in dB is defined")
    without = metrics.score(reference, mixture, {"masked": reference}, RATE)
    assert np.isnan([[row["tag_probability"], row["tag_probability_change"]] for row in without]).all()
