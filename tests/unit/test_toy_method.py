"""A generator without codes and a steering with joint sources go through the whole engine."""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

import toy_method
from small_problems import BandTagger
from stemsteer.errors import UserError
from stemsteer.files import read_json
from stemsteer.generators import GENERATORS
from stemsteer.generators.loading import load_generator
from stemsteer.masking.settings import NoMask
from stemsteer.sound.scaled_signal import MonoSignal
from stemsteer.steering import STEERINGS
from stemsteer.steering.method import Method, MethodSettings
from stemsteer.steering.problem import Problem
from stemsteer.steering.settings import GradientSettings, SteeringSettings
from stemsteer.steering.track import CarriedOut, TrackSteering
from stemsteer.taggers.settings import ListeningSettings
from stopping import stopped_before
from tones_track import Job, carry_out
from toy_method import BandsSettings, SharingSettings, SharingSolver, SharingSteering

RATE = 44100
SOURCES = ("low", "high")


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Only while a test runs."""
    for registry in (GENERATORS, STEERINGS):
        for name in list(registry):
            monkeypatch.setitem(registry, name, registry[name])
    toy_method.register()
    yield
    del GENERATORS["bands"], STEERINGS["sharing"]


CHUNKED = {"chunk_seconds": 1.0, "overlap_seconds": 0.1}


def job(folder: Path, rate: int = RATE, batch: int = 8, steering: SteeringSettings | None = None) -> Job:
    """Two tones, 1.5 s, in two chunks; shared out, unless another steering is given."""
    time = np.arange(round(1.5 * rate)) / rate
    tones = 0.4 * np.sin(2 * np.pi * 300 * time) + 0.2 * np.sin(2 * np.pi * 4000 * time)
    soundfile.write(folder / "mono.wav", tones.astype(np.float32), rate, subtype="FLOAT")
    (folder / "codes.json").write_text("{}")
    steering = steering or SharingSettings(**CHUNKED)
    settings = MethodSettings(BandsSettings(), ListeningSettings(names=["bands"]), steering, NoMask())
    method = Method(settings, load_generator(BandsSettings(), None, torch.device("cpu")), [BandTagger()])
    track = TrackSteering("run", "track", MonoSignal(folder / "mono.wav"), method)
    return Job(track, SOURCES, CarriedOut(batch, folder / "checkpoints", folder / "answers", 1e-9))


def test_sources_share_the_parts_of_the_mixture(tmp_path: Path) -> None:
    carry_out(job(tmp_path), tmp_path)
    mixture, _ = soundfile.read(tmp_path / "mono.wav", dtype="float32")
    low, high = (soundfile.read(tmp_path / f"{source}.wav", dtype="float32")[0] for source in SOURCES)
    np.testing.assert_allclose(low + high, mixture, atol=1e-5)
    assert np.abs(low).max() == pytest.approx(0.4, abs=0.02)
    assert np.abs(high).max() == pytest.approx(0.2, abs=0.02)
    record = read_json(tmp_path / "low.json")
    assert record["settings"]["generator"] == {"kind": "bands"}
    assert record["settings"]["steering"]["kind"] == "sharing"
    assert [chunk["steps"] for chunk in record["chunks"]] == [3, 3]


def test_the_gradient_steers_a_generator_that_is_no_codec(tmp_path: Path) -> None:
    gradient = GradientSettings(steps=20, learning_rate=0.1, learning_rate_unit="absolute", **CHUNKED)
    carry_out(job(tmp_path, steering=gradient), tmp_path)
    for source in SOURCES:
        record = read_json(tmp_path / f"{source}.json")
        assert 1 - record["target_probability_after"] < (1 - record["target_probability_before"]) / 2
        assert [chunk["steps"] for chunk in record["chunks"]] == [20, 20]


@pytest.mark.parametrize(("batch", "sizes"), [(1, [1, 1]), (3, [1, 1]), (4, [2])])
def test_chunks_are_solved_together_as_far_as_all_their_sources_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int, sizes: list[int]
) -> None:
    begun: list[int] = []
    begin = SharingSteering.begin

    def counted(steering: SharingSteering, problems: Sequence[Problem]) -> SharingSolver:
        assert all([wanted.source for wanted in problem.wanted] == list(SOURCES) for problem in problems)
        begun.append(len(problems))
        return begin(steering, problems)

    monkeypatch.setattr(SharingSteering, "begin", counted)
    carry_out(job(tmp_path, batch=batch), tmp_path)
    assert begun == sizes


def test_where_sources_belong_together_each_key_depends_on_all_of_them(tmp_path: Path) -> None:
    track = job(tmp_path).track
    assert track.key("low", SOURCES) != track.key("high", SOURCES)
    assert track.key("low", SOURCES) != track.key("low", ["low"])
    alone = job(tmp_path, steering=GradientSettings(**CHUNKED)).track
    assert alone.key("low", SOURCES) == alone.key("low", ["low"])


def test_a_generator_without_weights_has_a_device() -> None:
    generator = load_generator(BandsSettings(), None, torch.device("meta"))
    assert generator.device.type == "meta"
    assert generator.state_dict() == {}


def test_a_source_that_is_missing_is_steered_with_all_others(tmp_path: Path) -> None:
    carry_out(job(tmp_path), tmp_path)
    made = (tmp_path / "low.wav").read_bytes()
    (tmp_path / "low.json").unlink()
    (tmp_path / "low.wav").unlink()
    carry_out(job(tmp_path), tmp_path)
    assert (tmp_path / "low.wav").read_bytes() == made


def test_it_goes_on_where_it_was_stopped(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    for folder in (whole, stopped):
        folder.mkdir()
    carry_out(job(whole), whole)
    with stopped_before(2, SharingSolver):
        carry_out(job(stopped), stopped)
    carry_out(job(stopped), stopped)
    assert "going on from step 2 of low.0, high.0, low.1, high.1" in caplog.messages
    for source in SOURCES:
        assert (stopped / f"{source}.wav").read_bytes() == (whole / f"{source}.wav").read_bytes()


def test_chunks_are_halved_where_memory_runs_out_and_sources_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []

    def out_of_memory(solver: SharingSolver) -> None:
        sizes.append(len(solver.problems))
        raise MemoryError

    monkeypatch.setattr(SharingSolver, "advance", out_of_memory)
    with pytest.raises(UserError, match="not enough memory for one chunk of 1 s and all its sources: lower chunk_sec"):
        carry_out(job(tmp_path), tmp_path)
    assert sizes == [2, 1]


def test_a_track_of_another_rate_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="the generator works at 44100 Hz and the mono signal of the track has 16000"):
        job(tmp_path, rate=16000)
