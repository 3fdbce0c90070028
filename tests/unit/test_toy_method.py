"""A generator without codes and a steering with joint sources go through the whole engine."""

import logging
from collections.abc import Iterator
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
from stemsteer.sound.mono_signal import MonoSignal
from stemsteer.steering import STEERINGS
from stemsteer.steering.method import Method, MethodSettings
from stemsteer.steering.track import CarriedOut, TrackSteering
from stemsteer.taggers.settings import ListeningSettings
from tones_track import Job, carry_out
from toy_method import BandsSettings, SharingSettings, SharingSolver

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


def job(folder: Path, rate: int = RATE, batch: int = 8) -> Job:
    """Two tones, 1.5 s, in chunks of 1 s."""
    time = np.arange(round(1.5 * rate)) / rate
    tones = 0.4 * np.sin(2 * np.pi * 300 * time) + 0.2 * np.sin(2 * np.pi * 4000 * time)
    soundfile.write(folder / "mono.wav", tones.astype(np.float32), rate, subtype="FLOAT")
    (folder / "codes.json").write_text("{}")
    steering = SharingSettings(chunk_seconds=1.0, overlap_seconds=0.1)
    settings = MethodSettings(BandsSettings(), ListeningSettings(names=["bands"]), steering, NoMask())
    method = Method(settings, load_generator(BandsSettings(), None, torch.device("cpu")), [BandTagger()])
    track = TrackSteering("run", "track", MonoSignal(folder / "mono.wav"), method)
    return Job(track, SOURCES, CarriedOut(batch, folder / "checkpoints", 1e-9))


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


def test_a_source_that_is_missing_is_steered_with_all_others(tmp_path: Path) -> None:
    carry_out(job(tmp_path), tmp_path)
    made = (tmp_path / "low.wav").read_bytes()
    (tmp_path / "low.json").unlink()
    (tmp_path / "low.wav").unlink()
    carry_out(job(tmp_path), tmp_path)
    assert (tmp_path / "low.wav").read_bytes() == made


def test_it_goes_on_where_it_was_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    for folder in (whole, stopped):
        folder.mkdir()
    carry_out(job(whole), whole)
    advance = SharingSolver.advance

    def stop_in_the_third_step(solver: SharingSolver) -> None:
        if solver.step == 2:
            raise KeyboardInterrupt
        advance(solver)

    with monkeypatch.context() as patched:
        patched.setattr(SharingSolver, "advance", stop_in_the_third_step)
        with pytest.raises(KeyboardInterrupt):
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
