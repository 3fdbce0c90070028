"""The Python API: what it takes, what it gives back, and what it leaves alone."""

import logging
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import stemsteer
from parts_track import RATE, low_and_high
from stemsteer.errors import UserError
from stemsteer.sound import audio
from stemsteer.sound.audio import Signal
from stemsteer.steering.perturbation.solver import PerturbationSolver
from stemsteer.steering.settings import FULL_SET

LIGHT = {"generator": {"components": 4, "iterations": 10}, "steering": {"subsets": 4}}
ONE_TAGGER = {**LIGHT, "taggers": {"names": ["MTT_vgg"]}}
MIXTURE: Signal = np.add(*low_and_high(1.0).values())


def separated(given: Any = MIXTURE, rate: float = RATE, **arguments: Any) -> stemsteer.Separation:
    """With light settings, but for these arguments."""
    light = {"sources": ["drums"], "settings": LIGHT, "device": "cpu", "progress": False}
    return stemsteer.separate(given, rate, **{**light, **arguments})


def test_the_library_is_imported_without_what_is_slow_to_import() -> None:
    code = (
        "import sys, stemsteer;"
        "slow = {'torch', 'numpy', 'pandas', 'pydantic'};"
        "assert stemsteer.METHOD_VERSION and stemsteer.__version__ and 'separate' in dir(stemsteer);"
        "assert not hasattr(stemsteer, 'separated');"
        "assert not slow & sys.modules.keys(), slow & sys.modules.keys();"
        "from stemsteer import separate;"
        "assert slow <= sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_stems_and_rest_sum_to_the_mixture(capfd: pytest.CaptureFixture[str]) -> None:
    separation = separated(sources=None)
    assert tuple(separation.stems) == tuple(separation.heard) == FULL_SET
    for signal_ in (*separation.stems.values(), separation.rest):
        assert signal_.dtype == np.float32
        assert signal_.shape == MIXTURE.shape
    np.testing.assert_allclose(sum(separation.stems.values()) + separation.rest, MIXTURE, atol=1e-6)
    assert 0 < np.square(separation.rest).sum() < np.square(MIXTURE).sum()
    assert capfd.readouterr() == ("", "")


def test_what_is_separated_by_default() -> None:
    assert FULL_SET == ("vocals", "drums", "bass", "guitar", "piano", "strings")


@pytest.mark.parametrize(("tagger", "unknown"), [("instruments", "vocals"), ("MTT_vgg", "bass")])
def test_one_tagger_separates_the_sources_that_it_knows(tagger: str, unknown: str) -> None:
    separation = separated(sources=None, settings={**LIGHT, "taggers": {"names": [tagger]}})
    assert tuple(separation.stems) == tuple(source for source in FULL_SET if source != unknown)
    assert all(heard.probability is not None for heard in separation.heard.values())
    np.testing.assert_allclose(sum(separation.stems.values()) + separation.rest, MIXTURE, atol=1e-6)


def test_warnings_tell_of_sources_that_are_not_heard() -> None:
    separation = separated(sources=["vocals", "strings", "tag:drums"])
    for source, is_heard in {"vocals": True, "strings": False}.items():
        heard = separation.heard[source]
        assert heard.is_heard == is_heard == (heard.probability is not None and heard.probability > 0.5)
    # There are thresholds for sources only.
    assert separation.heard["tag:drums"] == stemsteer.Heard(None, True)
    (warning,) = separation.warnings
    assert warning.startswith("the taggers do not hear strings in this mixture")


def test_bass_is_judged_by_a_tagger_that_knows_it() -> None:
    low, high = (signal.astype(np.float32) for signal in low_and_high(1.0).values())
    separation = separated(sources=["bass", "drums"], references={"bass": low, "drums": high})
    assert separation.scores is not None
    assert separation.scores.tag_probability.between(0, 1).all()


@pytest.mark.parametrize(("late", "state"), [(0, "as given"), (1105, "moved"), (500, "doubtful")])
def test_references_are_looked_for_in_the_mixture(late: int, state: str) -> None:
    random = np.random.default_rng(0)
    drums = (0.1 * random.standard_normal(MIXTURE.shape)).astype(np.float32)
    given = np.concatenate([np.zeros((late, 2), np.float32), drums])[: len(drums)]
    separation = separated(MIXTURE + drums, references={"drums": given})
    assert separation.scores is not None
    assert set(separation.scores.reference) == {state}
    told = [warning for warning in separation.warnings if warning.startswith("the reference 'drums' ")]
    assert any(f"{late:,} samples" in warning for warning in told) == bool(late)
    of_mixture = separation.scores.set_index("run").si_sdr_db["mixture"]
    assert (of_mixture > -10) == (late != 500)


def test_one_channel_may_be_an_array_of_samples() -> None:
    mono = MIXTURE[:, 0]
    flat, column = separated(mono), separated(mono[:, None].astype(np.float64))
    assert flat.rest.shape == (len(mono), 1)
    np.testing.assert_array_equal(flat.stems["drums"], column.stems["drums"])


def test_levels_are_kept() -> None:
    loud = separated(64 * MIXTURE).stems["drums"]
    np.testing.assert_allclose(loud, 64 * separated().stems["drums"], atol=1e-6)


def test_the_name_decides_the_random_numbers_and_the_workers_nothing() -> None:
    chunks = {**LIGHT, "steering": {"subsets": 4, "chunk_seconds": 1.0, "overlap_seconds": 0.3}}
    longer = np.concatenate([MIXTURE, MIXTURE])
    one, two = (separated(longer, settings=chunks, workers=workers).stems["drums"] for workers in (1, 2))
    np.testing.assert_array_equal(one, two)
    other = separated(longer, settings=chunks, name="another").stems["drums"]
    assert not np.array_equal(one, other)


def test_silence_is_told_by_the_name_of_the_track() -> None:
    separation = separated(np.zeros(RATE), name="my song")
    assert not separation.stems["drums"].any()
    assert separation.warnings[0] == "'my song' is silent: its stems will be silent"


def test_a_residual_stem_is_left_over_by_the_mask() -> None:
    masked, residual = (
        separated(preset="codec", settings={"steering": {"steps": 1}, "stem": {"kind": kind}})
        for kind in ("masked", "residual")
    )
    np.testing.assert_allclose(residual.stems["drums"], masked.rest, atol=1e-6)


def test_saved_files_hold_the_samples(tmp_path: Path) -> None:
    separation = separated(sources=["drums", "tag:drums"])
    separation.save(tmp_path / "new")
    files = {path.name: audio.read(path) for path in (tmp_path / "new").iterdir()}
    assert len(files) == 3
    for name, signal_ in (("drums.wav", separation.stems["drums"]), ("rest.wav", separation.rest)):
        np.testing.assert_array_equal(files[name][0], signal_)
        assert files[name][1] == RATE


def test_what_a_program_has_set_stays() -> None:
    threads, handlers = torch.get_num_threads(), list(logging.getLogger().handlers)
    torch.set_num_threads(2)
    try:
        separated(sources=["vocals"])
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
    assert logging.getLogger().handlers == handlers


def test_another_thread_separates_as_the_main_one() -> None:
    found: list[stemsteer.Separation] = []
    thread = threading.Thread(target=lambda: found.append(separated()))
    thread.start()
    thread.join()
    np.testing.assert_array_equal(found[0].stems["drums"], separated().stems["drums"])


def test_an_interruption_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    advance = PerturbationSolver.advance

    def interrupted(solver: PerturbationSolver) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        advance(solver)

    monkeypatch.setattr(PerturbationSolver, "advance", interrupted)
    with pytest.raises(KeyboardInterrupt):
        separated()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (np.zeros((RATE, 2), np.int16), r"audio: the samples are not floating-point numbers but int16; .*/ 32768"),
        (np.zeros(10, complex), "not floating-point numbers but complex128"),
        (None, "not floating-point numbers but object"),
        ([[0.1], [0.1, 0.2]], r"audio: these are no samples \(.*give an array \[samples, channels\]"),
        (np.zeros((2, RATE)), rf"the shape \(2, {RATE}\), that is {RATE} channels; .*its transpose"),
        (np.zeros((4, 3, 2)), r"the shape \(4, 3, 2\); give \[samples, channels\] or \[samples\]"),
        (np.array(0.5), r"the shape \(\); give"),
        ([], r"the shape \(0,\), that is no sample"),
        (np.zeros((0, 2)), r"the shape \(0, 2\), that is no sample"),
        ([0.1, np.nan, np.inf], "audio: 2 samples are NaN or infinite, the first is number 1;"),
        ([1e300], "audio: 1 samples are NaN or infinite"),
    ],
)
def test_samples_that_are_none(given: Any, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        separated(given)


@pytest.mark.parametrize("rate", [44.1, 0, -8000, True, float("nan"), "44100"])
def test_rates_that_are_none(rate: Any) -> None:
    with pytest.raises(UserError, match=r"sample_rate: .* is no rate in Hz; give a whole number, such as 44100"):
        separated(rate=rate)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"sources": "drums"}, r"sources: give a list of names, such as \['vocals', 'drums'\], not 'drums'"),
        ({"sources": []}, r"sources: give a list of names"),
        ({"sources": ["drumms"]}, r"there is no source or tag 'drumms' \(did you mean drums\?\)"),
        (
            {"sources": ["bass"], "settings": ONE_TAGGER},
            "tagger MTT_vgg: the vocabulary mtat has no tag for the source 'bass'",
        ),
        ({"preset": "tagbox-cod"}, r"there is no ready-made run 'tagbox-cod' \(did you mean tagbox-code\?\)"),
        ({"settings": {"sterring": {}}}, r"settings: there is no group 'sterring' \(did you mean steering\?\)"),
        ({"settings": {"sources": ["drums"]}}, "settings: there is no group 'sources'"),
        ({"settings": "light"}, "settings: give groups by name, .* not 'light'"),
        ({"settings": {"steering": {"stepz": 3}}}, r"unknown key runs.default.steering.stepz \(did you mean steps\?\)"),
        ({"settings": {"taggers": {"names": ["MTT_vgh"]}}}, r"'MTT_vgh' is not a tagger \(did you mean MTT_vgg\?\)"),
        ({"name": "two\nlines"}, "name: 'two.nlines' is not one line of text; call the track 'two lines'"),
        ({"device": "cuda:99"}, "device 'cuda:99' is not available on this machine"),
        ({"workers": 0}, "workers: input should be greater than 0"),
        ({"references": {"vocals": MIXTURE}}, r"references: 'vocals' is not among the sources \(drums\)"),
        (
            {"references": {"drums": MIXTURE[1:]}},
            rf"references: drums has {RATE - 1} samples of 2 channels, and the mixture {RATE} samples of 2 channels",
        ),
        ({"references": {"drums": MIXTURE.astype(int)}}, "references: drums: the samples are not floating-point"),
    ],
)
def test_arguments_that_mean_nothing(arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        separated(**arguments)
