"""Taggers that know single parts hear them one by one, besides the subsets that all taggers hear."""

import logging
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from torch import Tensor

from parts_track import SOURCES, SUBSETS, CountedTagger, asked, job_of, low_and_high, prepare, read
from stemsteer.files import read_json
from stemsteer.scores.metrics import si_sdr
from stemsteer.steering.perturbation.answers import Answers
from stemsteer.steering.perturbation.decision import USUAL_LOGIT, Decision
from stemsteer.steering.perturbation.questions import ask, ask_of_parts
from stemsteer.steering.perturbation.solver import PerturbationSolver
from stemsteer.taggers.labels import VocabularyLabels
from stemsteer.taggers.vocabularies import Vocabulary
from stopping import stopped_before
from tones_track import Job, carry_out

PARTS = 16
"""Two dictionaries of 8 components."""

pytestmark = pytest.mark.usefixtures("one_thread")


class OfParts(CountedTagger):
    """`BandTagger` for single parts."""

    knows_parts = True


class OfHiss(OfParts):
    """It calls high sounds otherwise, and knows no low ones."""

    name = fingerprint = "hiss"
    labels = VocabularyLabels(Vocabulary("hiss", ("hiss",)))

    def window_logits(self, windows: Tensor) -> Tensor:
        return super().window_logits(windows)[:, 1:]


class OfTime(OfParts):
    """Its answer about the windows of a second is 0, 1, 2 and so on."""

    window_seconds = 0.5

    def window_logits(self, windows: Tensor) -> Tensor:
        places = torch.arange(len(windows)) % round(2.0 / self.window_seconds)
        return places[:, None].expand(-1, 2).float()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With the track, which tests only read."""
    return prepare(tmp_path_factory.mktemp("track"))


def solver_of(job: Job) -> PerturbationSolver:
    """Of the one chunk of a track."""
    (chunk,) = job.track.chunks
    solver = job.track.steering.begin([job.track._problem(SOURCES, chunk)])
    assert isinstance(solver, PerturbationSolver)
    return solver


def finished(solver: PerturbationSolver) -> Answers:
    """All answers about the mixture."""
    while not solver.done:
        solver.advance()
    (answers,) = solver.answers
    return answers


def decision_of(solver: PerturbationSolver, answers: Answers) -> Decision:
    return Decision(solver.settings, solver.listeners, solver.mixtures[0], solver.subsets[0], answers)


# Who hears what


@pytest.mark.parametrize("subsets", [4, 6, PARTS, SUBSETS, 100])
def test_each_part_is_heard_once_whatever_the_number_of_subsets(folder: Path, subsets: int) -> None:
    job = job_of(folder, tagger=OfParts(), subsets=subsets)
    solver = solver_of(job)
    for step in range(1, subsets + 1):
        solver.advance()
        assert len(solver.answers[0].parts.get("bands", [])) == step * PARTS // subsets
        assert asked(job) == 1 + 2 * step + step * PARTS // subsets
    assert solver.done
    answers = solver.answers[0].parts["bands"]
    together = ask_of_parts(job.track.method, job.track.method.taggers, solver.mixtures[0], range(PARTS))
    torch.testing.assert_close(answers, together["bands"], rtol=1e-4, atol=1e-4)


def test_all_taggers_hear_subsets_and_those_that_know_parts_these_too(folder: Path) -> None:
    job = job_of(folder)
    job.track.method.taggers.append(OfHiss())
    answers = finished(solver_of(job))
    assert set(answers.whole) == {"bands", "hiss"}
    assert {name: len(logits) for name, logits in answers.subsets.items()} == {"bands": SUBSETS, "hiss": SUBSETS}
    assert {name: tuple(logits.shape) for name, logits in answers.parts.items()} == {"hiss": (PARTS, 1)}


def test_a_run_with_such_a_tagger_alone_separates(tmp_path: Path) -> None:
    job = job_of(prepare(tmp_path), tagger=OfParts())
    carry_out(job, tmp_path)
    assert asked(job) == 1 + 2 * SUBSETS + PARTS + 2 * len(SOURCES)
    mixture = soundfile.read(tmp_path / "mixture.wav", dtype="float32")[0]
    for name, source in low_and_high().items():
        assert si_sdr(source, read(tmp_path, name)) > si_sdr(source, mixture) + 8


# What counts


def test_evidence_is_what_is_heard_of_a_part_above_the_usual(folder: Path) -> None:
    solver = solver_of(job_of(folder, tagger=OfParts()))
    answers = finished(solver)
    decision = decision_of(solver, answers)
    for place, source in enumerate(SOURCES):
        expected = answers.parts["bands"][:, place].double() - USUAL_LOGIT
        torch.testing.assert_close(decision.evidence(source), expected)
    centroids = solver.mixtures[0].sounds.centroids
    evidence = decision.evidence("low") - decision.evidence("high")
    assert (evidence[centroids < 1000] > 0).all()
    assert (evidence[centroids > 3000] < 0).all()


def test_there_is_no_evidence_for_a_source_that_no_tagger_of_parts_knows(folder: Path) -> None:
    job = job_of(folder)
    job.track.method.taggers.append(OfHiss())
    solver = solver_of(job)
    decision = decision_of(solver, finished(solver))
    for source, known in {"low": False, "high": False, "hiss": True}.items():
        assert decision.effects(source).shape == decision.evidence(source).shape == (PARTS,)
        assert decision.effects(source).any()
        assert bool(decision.evidence(source).any()) == known


def test_a_tagger_that_does_not_know_a_source_changes_nothing_of_it(folder: Path) -> None:
    alone, beside = job_of(folder), job_of(folder)
    beside.track.method.taggers.append(OfHiss())
    found = []
    for job in (alone, beside):
        solver = solver_of(job)
        found.append(decision_of(solver, finished(solver)))
    torch.testing.assert_close(found[0].effects("low"), found[1].effects("low"))
    torch.testing.assert_close(found[0].gains("low"), found[1].gains("low"))


def test_evidence_counts_by_its_weight(folder: Path) -> None:
    gains = {}
    for weight in (0.0, 0.1, 1.0):
        solver = solver_of(job_of(folder, tagger=OfParts(), part_weight=weight, temperature=0.8))
        gains[weight] = decision_of(solver, finished(solver)).gains("low")
    low = solver.mixtures[0].sounds.centroids < 1000
    assert gains[0.0][low].mean() < gains[0.1][low].mean() < gains[1.0][low].mean()
    assert gains[0.0][~low].mean() > gains[0.1][~low].mean() > gains[1.0][~low].mean()


def test_windows_count_by_how_loud_the_part_is_there(folder: Path) -> None:
    job = job_of(folder, tagger=OfTime())
    solver, method = solver_of(job), job.track.method
    (tagger,), (mixture,) = method.taggers, solver.mixtures
    heard = ask_of_parts(method, method.taggers, mixture, range(PARTS))["bands"]
    signals = mixture.signals(torch.eye(PARTS), tagger.sample_rate).numpy()
    samples = tagger.window_samples
    energies = np.stack([np.square(signals[:, samples * i : samples * (i + 1)]).sum(1) for i in range(4)], axis=1)
    expected = (energies * np.arange(4)).sum(1) / energies.sum(1)
    np.testing.assert_allclose(heard[:, 0], expected, rtol=1e-3, atol=1e-3)
    # The plain mean would be the same for all parts.
    assert np.ptp(expected) > 0.2


def test_silence_says_nothing_of_a_part(tmp_path: Path) -> None:
    """A sound that is heard for a quarter of the time is known as well as one that lasts."""
    sources = low_and_high()
    sources["high"][len(sources["high"]) // 4 :] = 0
    job = job_of(prepare(tmp_path, sources["low"] + sources["high"]), tagger=OfParts())
    solver, method = solver_of(job), job.track.method
    high = [place for place, hz in enumerate(solver.mixtures[0].sounds.centroids) if hz > 3000]
    assert high
    plain = ask(method, method.taggers, solver.mixtures, [torch.eye(PARTS)[high]])[0]["bands"].mean(1)
    weighted = ask_of_parts(method, method.taggers, solver.mixtures[0], high)["bands"]
    assert (weighted[:, 1] > 2).all()
    assert (weighted[:, 1] > 2 * plain[:, 1]).all()


def test_a_silent_part_has_finite_answers(folder: Path) -> None:
    job = job_of(folder, tagger=OfParts())
    (mixture,), method = solver_of(job).mixtures, job.track.method
    for signals in mixture._by_rate.values():
        signals[0] = 0
    assert torch.isfinite(ask_of_parts(method, method.taggers, mixture, [0])["bands"]).all()


# Interruptions and answers that are known


@pytest.mark.parametrize("stop", [1, 5, SUBSETS - 1])
@pytest.mark.parametrize("subsets", [6, SUBSETS])
def test_a_solver_that_is_restored_hears_each_part_once(folder: Path, stop: int, subsets: int) -> None:
    whole, jobs = job_of(folder, tagger=OfParts(), subsets=subsets), []
    state = None
    for last in (min(stop, subsets), subsets):
        jobs.append(job_of(folder, tagger=OfParts(), subsets=subsets))
        solver = solver_of(jobs[-1])
        if state is not None:
            solver.restore(state)
        while solver.step < last:
            solver.advance()
        state = solver.state()
    assert sum(map(asked, jobs)) == 1 + 2 * subsets + PARTS
    torch.testing.assert_close(
        solver.answers[0].parts["bands"], finished(solver_of(whole)).parts["bands"], rtol=0, atol=0
    )


def test_a_job_goes_on_where_it_was_stopped(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    stopped, straight = prepare(tmp_path / "stopped"), prepare(tmp_path / "straight")
    with stopped_before(5, PerturbationSolver):
        carry_out(job_of(stopped, tagger=OfParts()), stopped)
    job = job_of(stopped, tagger=OfParts())
    carry_out(job, stopped)
    assert "going on from step 5 of low.0, high.0" in caplog.messages
    assert asked(job) == 2 * (SUBSETS - 5) + PARTS - 5 * PARTS // SUBSETS + 2 * len(SOURCES)
    carry_out(job_of(straight, tagger=OfParts()), straight)
    for source in SOURCES:
        assert (stopped / f"{source}.wav").read_bytes() == (straight / f"{source}.wav").read_bytes()
        assert read_json(stopped / f"{source}.json")["chunks"][0]["resumed_at"] == 5


def test_a_source_asked_for_later_or_another_weight_asks_nothing_again(tmp_path: Path) -> None:
    prepare(tmp_path)
    carry_out(job_of(tmp_path, ["low"], tagger=OfParts()), tmp_path)
    before = (tmp_path / "low.wav").read_bytes()
    for source, settings in {"high": {}, "low": {"part_weight": 0.2}}.items():
        later = job_of(tmp_path, [source], tagger=OfParts(), **settings)
        carry_out(later, tmp_path)
        assert asked(later) == 2
    assert (tmp_path / "low.wav").read_bytes() != before
