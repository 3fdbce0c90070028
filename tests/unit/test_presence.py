"""Whether a source is in a mixture at all, and what becomes of the stem of one that is not."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from stemsteer.files import read_json, write_json
from stemsteer.masking.settings import MaskedStem, NoMask, RatioMask, SteeredStem
from stemsteer.models.registry import names_of
from stemsteer.settings.plan import Stem
from stemsteer.sound.audio import Signal
from stemsteer.stages.stem import StemInputs, StemOutputs, make_stem
from stemsteer.steering.settings import PerturbationSettings
from stemsteer.taggers.presence import HEARD, presence, thresholds
from stemsteer.taggers.settings import ListeningSettings

RATE = 22_050

# The probability that a source is there


@pytest.mark.parametrize(("tagger", "source"), thresholds())
def test_at_its_threshold_a_source_is_heard_as_often_as_not(tagger: str, source: str) -> None:
    threshold = thresholds()[tagger, source]
    assert 0 < threshold < 1
    assert presence(source, threshold, [tagger]) == pytest.approx(HEARD)


def test_the_more_the_taggers_hear_the_likelier_it_is() -> None:
    found = [presence("vocals", probability, ["MTT_vgg"]) for probability in (0.0, 1e-4, 0.01, 0.1, 0.5, 1.0)]
    assert found == sorted(found)
    assert found[0] == pytest.approx(0, abs=1e-9)
    assert found[-1] > 0.99


def test_the_threshold_of_several_taggers_is_the_mean_of_those_that_have_one() -> None:
    taggers = ["MTT_vgg", "MTT_musicnn"]
    mean = np.mean([thresholds()[tagger, "drums"] for tagger in taggers])
    assert presence("drums", mean, taggers) == presence("drums", mean, [*taggers, "mine"]) == pytest.approx(HEARD)


def test_nothing_is_said_of_what_was_not_measured() -> None:
    assert presence("vocals", 0.5, ["mine"]) is None
    assert presence("tag:slow", 0.5, ["MTT_vgg"]) is None


def test_there_are_thresholds_for_all_sources_that_compete_by_default() -> None:
    assert {tagger for tagger, _ in thresholds()} <= set(names_of("tagger"))
    measured = {name: {source for known, source in thresholds() if known == name} for name in ListeningSettings().names}
    assert all(measured.values())
    assert set.union(*measured.values()) >= set(PerturbationSettings().competing)


def test_a_source_that_only_one_of_the_taggers_knows_has_its_threshold() -> None:
    for source, tagger in {"bass": "instruments", "vocals": "MTT_vgg"}.items():
        taggers = [name for name in ListeningSettings().names if (name, source) in thresholds()]
        assert taggers == [tagger]
        assert presence(source, thresholds()[tagger, source], ListeningSettings().names) == pytest.approx(HEARD)


# The stem of a source that is not there


def noise(seed: int) -> Signal:
    """One second in stereo."""
    return (0.1 * np.random.default_rng(seed).standard_normal((RATE, 2))).astype(np.float32)


@pytest.fixture
def made(tmp_path: Path) -> StemInputs:
    """A mixture, and a steered signal of it."""
    soundfile.write(tmp_path / "mixture.wav", noise(0) + noise(1), RATE, "FLOAT")
    soundfile.write(tmp_path / "steered.wav", noise(0), RATE, "FLOAT")
    write_json(tmp_path / "facts.json", {"sample_rate": RATE})
    return StemInputs(*(tmp_path / name for name in ("mixture.wav", "facts.json", "steered.wav", "steered.json")))


def stem_of(inputs: StemInputs, heard: float | None, settings: Any, mask: Any) -> tuple[Signal, Signal, dict[str, Any]]:
    """The stem, the other part, and the record."""
    write_json(inputs.record, {"settings": {}, "presence": heard})
    outputs = StemOutputs(*(inputs.mixture.with_name(name) for name in ("stem.wav", "other.wav", "stem.json")))
    make_stem(Stem("run", "track", "vocals"), mask, settings, "float32", inputs, outputs)
    stem, other = (soundfile.read(path, dtype="float32")[0] for path in (outputs.stem, outputs.other))
    return stem, other, read_json(outputs.provenance)


@pytest.mark.parametrize("heard", [None, 1.0, HEARD])
@pytest.mark.parametrize("absent", ["keep", "silence"])
def test_a_source_that_is_heard_or_unknown_keeps_its_stem(
    made: StemInputs, heard: float | None, absent: str, caplog: pytest.LogCaptureFixture
) -> None:
    stem, other, record = stem_of(made, heard, SteeredStem(absent=absent), NoMask())
    np.testing.assert_array_equal(stem, noise(0))
    np.testing.assert_allclose(stem + other, noise(0) + noise(1), atol=1e-7)
    assert record["warning"] is None
    assert record["ascent"]["settings"]["stem"] == {"kind": "steered", "absent": absent}
    assert caplog.messages == []


def test_a_source_that_is_not_heard_keeps_its_stem_with_a_warning(
    made: StemInputs, caplog: pytest.LogCaptureFixture
) -> None:
    stem, _, record = stem_of(made, 0.1, SteeredStem(), NoMask())
    np.testing.assert_array_equal(stem, noise(0))
    sentence = "the taggers do not hear vocals in this mixture; the stem may hold other sources"
    assert record["warning"] == sentence
    assert caplog.record_tuples == [("root", logging.WARNING, f"warning: {sentence}")]


@pytest.mark.parametrize(("settings", "mask"), [(SteeredStem, NoMask()), (MaskedStem, RatioMask(fft_sizes=[512]))])
def test_or_is_silent_on_request_and_the_other_part_has_everything(
    made: StemInputs, settings: Any, mask: Any, caplog: pytest.LogCaptureFixture
) -> None:
    stem, other, record = stem_of(made, 0.1, settings(absent="silence"), mask)
    assert not stem.any()
    np.testing.assert_allclose(other, noise(0) + noise(1), atol=1e-6)
    sentence = "the taggers do not hear vocals in this mixture; the stem is silent (absent: silence)"
    assert record["warning"] == sentence
    assert caplog.messages == [f"warning: {sentence}"]
