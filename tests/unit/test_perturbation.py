"""Steering by perturbation: a toy tagger tells a low from a high sound, and each becomes a stem."""

import logging
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from parts_track import RATE, SOURCES, SUBSETS, asked, job_of, low_and_high, prepare, read
from small_problems import BandTagger
from stemsteer.files import read_json
from stemsteer.scores.metrics import si_sdr
from stemsteer.steering.perturbation.solver import PerturbationSolver
from stemsteer.taggers.labels import VocabularyLabels
from stemsteer.taggers.vocabularies import Vocabulary
from stopping import stopped_before
from tones_track import carry_out

SUBSETS_ASKED = 2 * SUBSETS
"""Signals of a chunk: a subset of each of two dictionaries at every step."""


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def separated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The track in one chunk; tests only read it."""
    folder = prepare(tmp_path_factory.mktemp("separated"))
    carry_out(job_of(folder), folder)
    return folder


def test_each_stem_is_nearer_its_source_than_the_mixture_is(separated: Path) -> None:
    mixture = soundfile.read(separated / "mixture.wav", dtype="float32")[0]
    for name, source in low_and_high().items():
        assert si_sdr(source, read(separated, name)) > si_sdr(source, mixture) + 8


def test_stems_have_the_rate_and_the_channels_of_the_mixture(separated: Path) -> None:
    mixture = soundfile.info(separated / "mixture.wav")
    for source in SOURCES:
        stem = soundfile.info(separated / f"{source}.wav")
        assert (stem.samplerate, stem.channels, stem.frames) == (mixture.samplerate, 2, mixture.frames)


def test_sources_and_a_rest_share_out_every_part(separated: Path) -> None:
    gains = [[part["gain"] for part in read_json(separated / f"{s}.json")["chunks"][0]["parts"]] for s in SOURCES]
    assert np.shape(gains) == (2, 16)
    assert (np.array(gains) >= 0).all()
    assert (np.sum(gains, axis=0) < 1 + 1e-3).all()
    mixture = soundfile.read(separated / "mixture.wav", dtype="float32")[0]
    rest = mixture - sum(read(separated, source) for source in SOURCES)
    assert np.square(rest).sum() < 0.1 * np.square(mixture).sum()


def test_stems_sum_to_what_all_their_gains_let_through(separated: Path) -> None:
    job = job_of(separated)
    (chunk,) = job.track.chunks
    problem = job.track._problem(SOURCES, chunk)
    solver = job.track.steering.begin([problem])
    while not solver.done:
        solver.advance()
    (steered,) = solver.finish()
    gains = torch.tensor([[part["gain"] for part in one.facts["parts"]] for one in steered]).sum(0, keepdim=True)
    parts = solver.mixtures[0].parts
    both, rest = parts.mix(torch.cat([gains, 1 - gains]))
    torch.testing.assert_close(sum(one.audio for one in steered), both, rtol=0, atol=1e-3)
    torch.testing.assert_close(both + rest, torch.from_numpy(problem.mixture), rtol=0, atol=1e-5)


def test_the_record_says_what_was_heard_before_and_after_and_of_the_rest(separated: Path) -> None:
    for source in SOURCES:
        record = read_json(separated / f"{source}.json")
        (chunk,) = record["chunks"]
        assert (chunk["steps"], chunk["resumed_at"]) == (SUBSETS, 0)
        after, rest = chunk["target_probability_after"], chunk["target_probability_rest"]
        assert after > 0.85 > 0.6 > chunk["target_probability_before"]
        assert rest < 0.2
        assert record["loss_after"] == pytest.approx(-np.log(after))
        assert record["presence"] is None  # nobody has measured a threshold of this tagger
        taken = max(chunk["parts"], key=lambda part: part["gain"])
        assert (taken["hz"] < 1000) == (source == "low")
        assert max(part["level_db"] for part in chunk["parts"]) == pytest.approx(0, abs=1e-3)


def test_the_same_bytes_come_out_again(tmp_path: Path, separated: Path) -> None:
    carry_out(job_of(prepare(tmp_path)), tmp_path)
    for source in SOURCES:
        assert (tmp_path / f"{source}.wav").read_bytes() == (separated / f"{source}.wav").read_bytes()


# What is asked, and what is asked again


def test_the_whole_and_all_subsets_are_asked_about_once_for_all_sources(tmp_path: Path) -> None:
    job = job_of(prepare(tmp_path))
    carry_out(job, tmp_path)
    assert asked(job) == 1 + SUBSETS_ASKED + 2 * len(SOURCES)


def test_a_source_asked_for_later_asks_nothing_again(tmp_path: Path, separated: Path) -> None:
    """But for what is heard of its stem and of the rest."""
    folder = prepare(tmp_path)
    carry_out(job_of(folder, ["low"]), folder)
    later = job_of(folder, ["high"])
    carry_out(later, folder)
    assert asked(later) == 2
    for source in SOURCES:
        assert (folder / f"{source}.wav").read_bytes() == (separated / f"{source}.wav").read_bytes()


def test_other_settings_of_the_decision_use_the_same_answers(tmp_path: Path) -> None:
    folder = prepare(tmp_path)
    carry_out(job_of(folder, ["low"]), folder)
    before = (folder / "low.wav").read_bytes()
    sharper = job_of(folder, ["low"], temperature=0.05, penalty=3, competing=["high"])
    carry_out(sharper, folder)
    assert asked(sharper) == 2
    assert (folder / "low.wav").read_bytes() != before


@pytest.mark.parametrize("change", ["subsets", "seed", "labels", "music"])
def test_answers_to_other_questions_are_not_used(tmp_path: Path, change: str) -> None:
    folder = prepare(tmp_path)
    carry_out(job_of(folder, ["low"]), folder)
    if change == "music":
        prepare(folder, 0.5 * low_and_high()["low"] + low_and_high()["high"])
    job = job_of(folder, ["low"], **{"subsets": {"subsets": 4}, "seed": {"seed": 1}}.get(change, {}))
    if change == "labels":
        job.track.method.taggers[0].labels = VocabularyLabels(Vocabulary("bands", ("low", "very high")))
    carry_out(job, folder)
    assert asked(job) == 1 + 2 * (4 if change == "subsets" else SUBSETS) + 2


def test_damaged_answers_are_asked_for_again(tmp_path: Path, separated: Path) -> None:
    folder = prepare(tmp_path)
    carry_out(job_of(folder, ["low"]), folder)
    (kept,) = (folder / "answers").iterdir()
    kept.write_bytes(kept.read_bytes()[:-100])
    job = job_of(folder, ["high"])
    carry_out(job, folder)
    assert asked(job) == 1 + SUBSETS_ASKED + 2
    assert (folder / "high.wav").read_bytes() == (separated / "high.wav").read_bytes()


def test_a_source_without_company_competes_with_the_rest_alone(tmp_path: Path) -> None:
    folder = prepare(tmp_path)
    carry_out(job_of(folder, ["low"], competing=["low", "piano"]), folder)
    source = low_and_high()["low"]
    mixture = soundfile.read(folder / "mixture.wav", dtype="float32")[0]
    assert si_sdr(source, read(folder, "low")) > si_sdr(source, mixture) + 3


# Interruptions


def test_it_goes_on_where_it_was_stopped(tmp_path: Path, separated: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    folder = prepare(tmp_path)
    with stopped_before(5, PerturbationSolver):
        carry_out(job_of(folder), folder)
    job = job_of(folder)
    carry_out(job, folder)
    assert "going on from step 5 of low.0, high.0" in caplog.messages
    assert asked(job) == 2 * (SUBSETS - 5) + 2 * len(SOURCES)
    for source in SOURCES:
        assert (folder / f"{source}.wav").read_bytes() == (separated / f"{source}.wav").read_bytes()
        assert read_json(folder / f"{source}.json")["chunks"][0]["resumed_at"] == 5


# Chunks


SOFT = {"temperature": 0.5}
CHUNKED = {"chunk_seconds": 3.0, "overlap_seconds": 0.5, **SOFT}
LONG = 8.0


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A longer track in one chunk and in three."""
    folders = {}
    for name, steering in {"one": SOFT, "several": CHUNKED}.items():
        folders[name] = prepare(tmp_path_factory.mktemp(name), sum(low_and_high(LONG).values()))
        carry_out(job_of(folders[name], **steering), folders[name])
    return folders


def test_chunks_are_as_good_as_one(long: dict[str, Path]) -> None:
    assert len(read_json(long["several"] / "low.json")["chunks"]) == 3
    mixture = soundfile.read(long["one"] / "mixture.wav", dtype="float32")[0]
    for name, source in low_and_high(LONG).items():
        for folder in long.values():
            assert si_sdr(source, read(folder, name)) > si_sdr(source, mixture) + 6
        levels = [10 * np.log10(np.square(read(folder, name)).mean()) for folder in long.values()]
        assert abs(levels[0] - levels[1]) < 0.3


def test_chunks_are_joined_without_clicks(long: dict[str, Path]) -> None:
    """Where chunks meet, the low notes change from one sample to the next by no more than elsewhere."""
    job = job_of(long["several"], **CHUNKED)
    stem = read(long["several"], "low")
    curvature = np.abs(np.diff(stem, 2, axis=0)).max(axis=1)
    for chunk in job.track.chunks[1:]:
        around = slice(chunk.start - 50, chunk.start + 50)
        near = np.r_[chunk.start - 4800 : chunk.start - 50, chunk.start + 50 : chunk.start + 4800]
        assert curvature[around].max() <= 1.2 * curvature[near].max()
    mixture = soundfile.read(long["several"] / "mixture.wav", dtype="float32")[0]
    rest = mixture - sum(read(long["several"], source) for source in SOURCES)
    assert np.square(rest).sum() < 0.1 * np.square(mixture).sum()


def test_a_silent_chunk_is_not_asked_about(tmp_path: Path) -> None:
    mixture = sum(low_and_high(LONG).values())
    prepare(tmp_path, mixture)
    _, middle, _ = job_of(tmp_path, **CHUNKED).track.chunks
    mixture[middle.start : middle.stop] = 0
    prepare(tmp_path, mixture)
    job = job_of(tmp_path, batch=100, **CHUNKED)
    carry_out(job, tmp_path)
    assert asked(job) == 2 * (1 + SUBSETS_ASKED + 2 * len(SOURCES))
    for source in SOURCES:
        inside = slice(middle.start + RATE, middle.stop - RATE)
        assert not read(tmp_path, source)[inside].any()
        assert [chunk["chunk"] for chunk in read_json(tmp_path / f"{source}.json")["chunks"]] == [0, 2]


def test_a_batch_changes_results_by_no_more_than_rounding(tmp_path: Path, long: dict[str, Path]) -> None:
    prepare(tmp_path, sum(low_and_high(LONG).values()))
    carry_out(job_of(tmp_path, batch=100, **CHUNKED), tmp_path)
    for source in SOURCES:
        np.testing.assert_allclose(read(tmp_path, source), read(long["several"], source), rtol=0, atol=1e-4)


def test_a_mono_track_and_one_of_a_few_samples_are_separated(tmp_path: Path) -> None:
    mixture = sum(low_and_high().values())
    for name, excerpt in {"mono": mixture[:, :1], "short": mixture[20_000:20_003]}.items():
        folder = prepare(tmp_path / name, excerpt)
        carry_out(job_of(folder), folder)
        for source in SOURCES:
            assert read(folder, source).shape == excerpt.shape
            assert np.isfinite(read(folder, source)).all()


def test_taggers_of_other_rates_listen_together(tmp_path: Path) -> None:
    """And the answers of those that know a source are averaged."""

    class Fast(BandTagger):
        name, sample_rate, window_seconds = "fast", 22_050, 0.2
        labels = VocabularyLabels(Vocabulary("one", ("low",)))

        def window_logits(self, windows: torch.Tensor) -> torch.Tensor:
            return super().window_logits(windows)[:, :1]

    folder = prepare(tmp_path)
    job = job_of(folder)
    job.track.method.taggers.append(Fast())
    carry_out(job, folder)
    for name, tags in {"low": ["low"], "high": []}.items():
        assert read_json(folder / f"{name}.json")["taggers"]["fast"]["tags"] == tags
    for name, source in low_and_high().items():
        assert si_sdr(source, read(folder, name)) > 8
