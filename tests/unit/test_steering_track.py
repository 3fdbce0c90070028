"""Steering a track: what it resumes from, how many sources are steered at once, and what is written of them."""

import json
import logging
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile
import torch

from small_problems import WITHOUT_MASK, BandTagger
from stemsteer.errors import UserError
from stemsteer.settings.run import RunSettings
from stemsteer.sound.audio import SILENCE_PEAK
from stemsteer.stages import steer as stage
from stemsteer.steering import keys
from stemsteer.steering.method import MethodSettings
from stemsteer.taggers.labels import VocabularyLabels
from stemsteer.taggers.vocabularies import Vocabulary
from tones_track import (
    CHUNKS,
    RATE,
    SECONDS,
    SOURCES,
    STEPS,
    Decoded,
    Options,
    carry_out,
    job_of,
    prepare,
    results,
    tones_that_change,
    track_settings,
)

TESTS = Path(__file__).parents[1]
EXCERPTS = CHUNKS * len(SOURCES)
DECODED = EXCERPTS * (STEPS + 1)


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A track steered without interruption; tests only read it."""
    folder = prepare(tmp_path_factory.mktemp("whole"))
    carry_out(job_of(folder, on_decode=Decoded(folder)), folder)
    return folder


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO)
    return caplog


class Crash(Exception):
    """Of the process, between two steps."""


def crash_after(decoded: int) -> Callable[[int], None]:
    left = iter(range(decoded))

    def on_decode(_: int) -> None:
        if next(left, None) is None:
            raise Crash

    return on_decode


def crashed(folder: Path, decoded: int, **options: Any) -> Path:
    """A folder with a job that got so far; it has put away every step."""
    prepare(folder)
    with pytest.raises(Crash):
        carry_out(job_of(folder, on_decode=crash_after(decoded), checkpoint_seconds=1e-9, **options), folder)
    return folder


def read(folder: Path, source: str) -> np.ndarray:
    return soundfile.read(folder / f"{source}.wav", dtype="float32")[0]


def record(folder: Path, source: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / f"{source}.json").read_text())
    return content


# What is steered and written


def test_every_source_has_an_estimate_as_long_as_the_track_and_a_history_of_all_steps(whole: Path) -> None:
    assert Decoded(whole).total == DECODED
    for source in SOURCES:
        assert len(read(whole, source)) == round(SECONDS * RATE)
        history = pd.read_csv(whole / f"{source}.history.tsv", sep="\t")
        steps = [(chunk, step) for chunk in range(CHUNKS) for step in range(STEPS + 1)]
        assert list(zip(history.chunk, history.step, strict=True)) == steps
        assert history.groupby("chunk").loss.agg(lambda loss: loss.iloc[-1] < loss.iloc[0]).all()
    assert not np.array_equal(read(whole, "low"), read(whole, "high"))


def test_the_record_says_what_each_chunk_came_to(whole: Path) -> None:
    high = record(whole, "high")
    assert (high["device"], high["threads"], high["repeats_to_the_byte"]) == ("cpu", 1, True)
    assert high["taggers"]["bands"]["tags"] == ["high"]
    history = pd.read_csv(whole / "high.history.tsv", sep="\t")
    for chunk, rows in zip(high["chunks"], (rows for _, rows in history.groupby("chunk")), strict=True):
        assert chunk["loss_before"] == pytest.approx(rows.loss.iloc[0], rel=1e-9)
        assert chunk["loss_after"] == pytest.approx(rows.loss.iloc[-1], rel=1e-9)
        assert (chunk["steps"], chunk["resumed_at"]) == (STEPS, 0)
    assert high["loss_after"] == pytest.approx(np.mean([chunk["loss_after"] for chunk in high["chunks"]]))
    assert high["steps_per_second"] > 0
    assert len({chunk["seed"] for source in SOURCES for chunk in record(whole, source)["chunks"]}) == EXCERPTS


def test_the_record_is_that_of_the_kept_step(tmp_path: Path) -> None:
    folder = prepare(tmp_path)
    changes = track_settings(keep="best", codebook="reinit-ema", learning_rate=30)
    carry_out(job_of(folder, changes), folder)
    history = pd.read_csv(folder / "high.history.tsv", sep="\t")
    lowest = history.loc[history.groupby("chunk").loss.idxmin()]
    assert (lowest.step < STEPS).any()
    chunks = record(folder, "high")["chunks"]
    assert [chunk["loss_after"] for chunk in chunks] == pytest.approx(list(lowest.loss))
    assert [chunk["target_probability_after"] for chunk in chunks] == pytest.approx(list(lowest.target_probability))
    assert [chunk["steps"] for chunk in chunks] == [STEPS] * CHUNKS


def test_estimates_have_the_level_of_the_file(tmp_path: Path, whole: Path) -> None:
    """A quarter of the level, which float32 holds exactly, is a quarter of every sample."""
    quiet = prepare(tmp_path, tones_that_change() / 4)
    carry_out(job_of(quiet, sources=["high"]), quiet)
    np.testing.assert_allclose(4 * read(quiet, "high"), read(whole, "high"), rtol=1e-6, atol=0)


def test_no_audio_is_held_of_what_was_given_away(tmp_path: Path) -> None:
    job = job_of(prepare(tmp_path), track_settings(steps=0))
    pieces = list(job.track.steer(job.sources, job.carried_out))
    assert len(pieces) == EXCERPTS
    assert sum(len(outcome.audio) for outcomes in job.track.outcomes.values() for outcome in outcomes) == 0


def test_silent_chunks_are_not_steered(tmp_path: Path) -> None:
    """The middle of three, and the traces of noise in it stay out of the estimate."""
    audio = tones_that_change()
    _, middle, _ = job_of(prepare(tmp_path)).track.chunks
    noise = np.random.default_rng(1).uniform(-1, 1, middle.stop - middle.start)
    audio[middle.start : middle.stop] = 0.4 * SILENCE_PEAK * noise
    prepare(tmp_path, audio)
    carry_out(job_of(tmp_path, on_decode=Decoded(tmp_path)), tmp_path)
    assert Decoded(tmp_path).total == 2 * len(SOURCES) * (STEPS + 1)
    for source in SOURCES:
        overlap = round(0.2 * RATE)
        assert (read(tmp_path, source)[middle.start + overlap + 2 : middle.stop - overlap - 2] == 0).all()
        assert np.abs(read(tmp_path, source)).max() > 0.01
        assert [chunk["chunk"] for chunk in record(tmp_path, source)["chunks"]] == [0, 2]
        history = pd.read_csv(tmp_path / f"{source}.history.tsv", sep="\t")
        assert set(history.chunk) == {0, 2}


def test_a_silent_track_has_silent_estimates(tmp_path: Path) -> None:
    prepare(tmp_path, np.zeros(round(SECONDS * RATE), np.float32))
    carry_out(job_of(tmp_path, on_decode=Decoded(tmp_path)), tmp_path)
    assert not (tmp_path / "decoded").exists()
    for source in SOURCES:
        assert len(read(tmp_path, source)) == round(SECONDS * RATE)
        assert not read(tmp_path, source).any()
        assert record(tmp_path, source)["chunks"] == []
        assert record(tmp_path, source)["steps_per_second"] is None
        assert list(pd.read_csv(tmp_path / f"{source}.history.tsv", sep="\t").columns)[:2] == ["chunk", "step"]


# Several at once


def test_sources_together_come_to_the_bytes_of_separate_jobs(tmp_path: Path, whole: Path) -> None:
    for source in SOURCES:
        folder = prepare(tmp_path / source)
        carry_out(job_of(folder, sources=[source]), folder)
        assert results(folder) == {name: content for name, content in results(whole).items() if source in name}


@pytest.mark.parametrize("batch", [2, 4, 100])
def test_a_batch_changes_results_by_no_more_than_rounding(tmp_path: Path, whole: Path, batch: int) -> None:
    """One step, since another last bit may be another nearest code sooner or later."""
    changes = track_settings(steps=1, codebook="reinit-ema")
    alone, together = prepare(tmp_path / "alone"), prepare(tmp_path / "together")
    carry_out(job_of(alone, changes), alone)
    decoded: list[int] = []
    carry_out(job_of(together, changes, decoded.append, batch=batch), together)
    sizes = [min(batch, EXCERPTS - first) for first in range(0, EXCERPTS, batch)]
    assert decoded == [size for size in sizes for _ in range(2)]
    for source in SOURCES:
        np.testing.assert_allclose(read(together, source), read(alone, source), rtol=0, atol=2e-5)
        losses = [pd.read_csv(folder / f"{source}.history.tsv", sep="\t").loss for folder in (together, alone)]
        np.testing.assert_allclose(*losses, rtol=1e-4)


def fails_above(most: int, decoded: list[int], error: Exception) -> Callable[[int], None]:
    """The memory of a machine that holds so many excerpts."""

    def on_decode(excerpts: int) -> None:
        decoded.append(excerpts)
        if excerpts > most:
            raise error

    return on_decode


MEMORY_RAN_OUT = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    RuntimeError("MPS backend out of memory (MPS allocated: 8.11 GiB, max allowed: 9.07 GiB)."),
    RuntimeError("[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: can't allocate memory: 12 bytes."),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    MemoryError("Unable to allocate 2.00 GiB for an array"),
]


@pytest.mark.parametrize("error", MEMORY_RAN_OUT, ids=lambda error: str(error)[:20])
def test_where_memory_runs_out_fewer_are_steered_at_once(
    tmp_path: Path, told: pytest.LogCaptureFixture, error: Exception
) -> None:
    changes = track_settings(steps=1)
    decoded: list[int] = []
    halved, small = prepare(tmp_path / "halved"), prepare(tmp_path / "small")
    # Six excerpts wait, though eight would be taken.
    carry_out(job_of(halved, changes, fails_above(3, decoded, error), batch=8), halved)
    assert decoded == [6, 3, 3, 3, 3]
    assert "warning: out of memory; going on with 3 excerpts at once" in told.messages
    carry_out(job_of(small, changes, batch=3), small)
    assert results(halved) == results(small)


def test_memory_that_runs_out_later_costs_the_batch_and_nothing_else(tmp_path: Path) -> None:
    changes = track_settings(steps=2)
    decoded: list[int] = []

    def on_decode(excerpts: int) -> None:
        decoded.append(excerpts)
        if len(decoded) == 5 and excerpts == 2:  # in the middle of the second batch
            raise torch.OutOfMemoryError

    folder = prepare(tmp_path)
    carry_out(job_of(folder, changes, on_decode, batch=2), folder)
    assert decoded == [2] * 5 + [1] * 3 * 4
    assert record(folder, "low")["chunks"][2]["steps"] == 2


def test_not_even_one_in_memory_is_told(tmp_path: Path) -> None:
    decoded: list[int] = []
    job = job_of(prepare(tmp_path), on_decode=fails_above(0, decoded, MEMORY_RAN_OUT[0]), batch=8)
    expected = "^cpu has not enough memory for one chunk of 1.2 s: lower chunk_seconds, or the number of taggers or FFT"
    with pytest.raises(UserError, match=expected):
        carry_out(job, tmp_path)
    assert decoded == [6, 3, 1]
    assert not (tmp_path / "low.wav").exists()


def test_another_error_is_not_taken_for_memory(tmp_path: Path) -> None:
    decoded: list[int] = []
    broken = fails_above(0, decoded, RuntimeError("expected scalar type Float but found Double"))
    with pytest.raises(RuntimeError, match="expected scalar type"):
        carry_out(job_of(prepare(tmp_path), on_decode=broken, batch=8), tmp_path)
    assert decoded == [6]


# Checkpoints


def test_a_job_that_crashed_goes_on_where_it_was(tmp_path: Path, whole: Path, told: pytest.LogCaptureFixture) -> None:
    """In the middle of the fourth excerpt, with every step put away."""
    folder = crashed(tmp_path, 3 * (STEPS + 1) + 4)
    counted = Decoded(folder)
    carry_out(job_of(folder, on_decode=counted), folder)
    assert results(folder) == results(whole)
    assert counted.total == DECODED - 3 * (STEPS + 1) - 4
    assert "going on from step 4 of high.1" in told.messages
    resumed = {source: [chunk["resumed_at"] for chunk in record(folder, source)["chunks"]] for source in SOURCES}
    assert resumed == {"low": [STEPS, STEPS, 0], "high": [STEPS, 4, 0]}


def test_a_batch_that_crashed_goes_on_where_it_was(tmp_path: Path, told: pytest.LogCaptureFixture) -> None:
    expected = prepare(tmp_path / "expected")
    carry_out(job_of(expected, batch=2), expected)
    folder = crashed(tmp_path / "crashed", STEPS + 1 + 4, batch=2)
    carry_out(job_of(folder, batch=2), folder)
    assert "going on from step 4 of low.1, high.1" in told.messages
    assert results(folder) == results(expected)


def test_excerpts_that_were_finished_are_not_steered_again_in_another_batch(tmp_path: Path) -> None:
    """Interrupted on one machine after three excerpts, continued four at a time on another."""
    folder = crashed(tmp_path, 3 * (STEPS + 1) + 4)
    decoded: list[int] = []
    carry_out(job_of(folder, on_decode=decoded.append, batch=4), folder)
    assert decoded == [1] * (STEPS - 4 + 1) + [2] * (STEPS + 1)


def test_an_ascent_that_ended_early_is_recorded_so_when_it_is_read_back(tmp_path: Path) -> None:
    changes = track_settings(patience=1, learning_rate=1e-9, steps=30)
    folder = prepare(tmp_path)
    with pytest.raises(Crash):
        carry_out(job_of(folder, changes, crash_after(4), sources=["low"]), folder)
    carry_out(job_of(folder, changes, sources=["low"]), folder)
    chunks = record(folder, "low")["chunks"]
    assert [(chunk["steps"], chunk["resumed_at"]) for chunk in chunks] == [(2, 2), (2, 0), (2, 0)]


def test_checkpoints_of_other_settings_are_not_used(tmp_path: Path, told: pytest.LogCaptureFixture) -> None:
    other = track_settings(learning_rate=0.2)
    expected = prepare(tmp_path / "expected")
    carry_out(job_of(expected, other), expected)
    folder = crashed(tmp_path / "crashed", 2 * (STEPS + 1) + 4)
    counted = Decoded(folder)
    carry_out(job_of(folder, other, counted), folder)
    assert counted.total == DECODED
    assert not [message for message in told.messages if "going on" in message]
    assert results(folder) == results(expected)


@pytest.mark.parametrize("damaged", ["0.finished", "1.running"])
@pytest.mark.parametrize("damage", ["flipped", "cut", "empty"])
def test_damaged_checkpoints_are_not_used(
    tmp_path: Path, whole: Path, told: pytest.LogCaptureFixture, damaged: str, damage: str
) -> None:
    """The ascent begins anew; the checkpoints that are whole are used."""
    folder = crashed(tmp_path, 3 * (STEPS + 1) + 4)
    path = folder / "checkpoints" / "high" / damaged
    content = path.read_bytes()
    middle = len(content) // 2
    flipped = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
    path.write_bytes({"flipped": flipped, "cut": content[:-100], "empty": b""}[damage])
    counted = Decoded(folder)
    carry_out(job_of(folder, on_decode=counted), folder)
    resumed = {source: [chunk["resumed_at"] for chunk in record(folder, source)["chunks"]] for source in SOURCES}
    first, second = (0, 4) if damaged == "0.finished" else (STEPS, 0)
    assert resumed == {"low": [STEPS, STEPS, 0], "high": [first, second, 0]}
    assert ("going on from step 4 of high.1" in told.messages) == (second == 4)
    again = STEPS + 1 if damaged == "0.finished" else 4
    assert counted.total == DECODED - 3 * (STEPS + 1) - 4 + again
    assert results(folder) == results(whole)


def test_checkpoints_of_other_audio_are_not_used(tmp_path: Path) -> None:
    """The second chunk has changed, but not the first: that one is used."""
    audio = tones_that_change()
    audio[len(audio) // 2] += 0.001
    expected = prepare(tmp_path / "expected", audio)
    carry_out(job_of(expected), expected)
    folder = prepare(crashed(tmp_path / "crashed", 3 * (STEPS + 1) + 4), audio)
    counted = Decoded(folder)
    carry_out(job_of(folder, on_decode=counted), folder)
    assert counted.total == DECODED - 2 * (STEPS + 1)
    assert results(folder) == results(expected)


def test_checkpoints_are_removed_when_all_is_written(tmp_path: Path) -> None:
    folder = crashed(tmp_path, 3 * (STEPS + 1) + 4)
    names = {str(path.relative_to(folder)) for path in (folder / "checkpoints").rglob("*") if path.is_file()}
    finished = {f"checkpoints/{name}.finished" for name in ("low/0", "high/0", "low/1")}
    assert names == {*finished, "checkpoints/high/1.running"}
    # Of more and shorter chunks, and of a process that was killed while it wrote.
    (folder / "checkpoints/low/7.finished").write_bytes(b"of other settings")
    (folder / "checkpoints/low/0.part.running").write_bytes(b"half")
    # Another job's.
    (folder / "checkpoints/other").mkdir()
    (folder / "checkpoints/other/0.running").write_bytes(b"of another source")
    carry_out(job_of(folder), folder)
    assert [path.name for path in (folder / "checkpoints").iterdir()] == ["other"]
    assert (folder / "checkpoints/other/0.running").exists()


def test_checkpoints_stay_while_an_output_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is full when the record is written; the next job has nothing to steer."""
    folder = prepare(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(stage, "record_of", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        with pytest.raises(OSError, match="No space left"):
            carry_out(job_of(folder), folder)
    counted: list[int] = []
    carry_out(job_of(folder, on_decode=counted.append), folder)
    assert counted == []
    assert not list((folder / "checkpoints").iterdir())


def in_a_process(folder: Path, options: Options) -> int:
    """Steer in one of its own, and return its exit status."""
    ended = subprocess.run(
        [sys.executable, TESTS / "tones_track.py", folder, options.as_json()],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent / "scripts")])},
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return ended.returncode


@pytest.mark.parametrize(
    ("number", "status", "lost"), [(signal.SIGTERM, 1, 0), (signal.SIGKILL, -signal.SIGKILL, 1)], ids=str
)
def test_a_process_that_is_stopped_loses_no_step_that_it_has_finished(
    tmp_path: Path, whole: Path, number: int, status: int, lost: int
) -> None:
    """In the middle of a step of the fourth excerpt: asked to stop, it takes that one to its end."""
    folder = prepare(tmp_path)
    seconds = 60 if number == signal.SIGTERM else 1e-9
    stopped = Options(checkpoint_seconds=seconds, last=3 * (STEPS + 1) + 4, number=number)
    assert in_a_process(folder, stopped) == status
    assert in_a_process(folder, Options()) == 0
    assert Decoded(folder).total == DECODED + lost
    assert results(folder) == results(whole)
    assert not list((folder / "checkpoints").iterdir())


# What decides


def key(folder: Path, changes: RunSettings | None = None, source: str = "low", **attributes: Any) -> str:
    """The key of a source; `attributes` are those of the job."""
    return job_of(folder, changes, **attributes).key(source)


CHANGES: dict[str, dict[str, Any]] = {
    "generator": {"codec": "another", "codebook": "reinit-ema"},
    "taggers": {"names": ["MTT_musicnn"], "windows": "pad"},
    "steering": {
        "steps": 11,
        "learning_rate": 0.2,
        "learning_rate_unit": "absolute",
        "schedule": "cosine",
        "patience": 5,
        "keep": "best",
        "precision": "bfloat16",
        "chunk_seconds": 1.3,
        "overlap_seconds": 0.1,
        "seed": 1,
        "threads": 2,
    },
    "mask": {
        "fft_sizes": [512, 256],
        "compared_with": "reconstruction",
        "applied_to": "reconstruction",
        "edges": "reflect",
    },
}
ONE_ONLY = {"kind", "objective", "smoothing"}
"""Settings that have one value only, for a codec."""


def test_all_settings_are_thought_of() -> None:
    groups = {field.name for field in fields(MethodSettings)}
    assert groups == set(CHANGES)
    for group in groups:
        assert set(CHANGES[group]) == set(getattr(track_settings(), group).model_dump()) - ONE_ONLY


@pytest.mark.parametrize(("group", "name"), [(group, name) for group, changes in CHANGES.items() for name in changes])
def test_another_setting_is_another_key(whole: Path, group: str, name: str) -> None:
    assert key(whole, track_settings(**{name: CHANGES[group][name]})) != key(whole)


def test_another_kind_of_mask_is_another_key(whole: Path) -> None:
    assert key(whole, track_settings(**WITHOUT_MASK)) != key(whole)


def test_the_stem_does_not_change_the_key(whole: Path) -> None:
    stem = {"kind": "residual", "fft_size": 512}
    assert key(whole, track_settings(stem=stem, sources=["drums"], preset=None)) == key(whole)


def test_how_it_is_carried_out_does_not_change_the_key(whole: Path, tmp_path: Path) -> None:
    assert key(whole, batch=7, checkpoint_seconds=1.0) == key(whole)
    assert key(whole, sources=["low"]) == key(whole)
    shutil.copy(whole / "mono.wav", tmp_path)
    assert key(tmp_path) == key(whole)


def test_another_source_run_or_track_is_another_key(whole: Path) -> None:
    assert len({key(whole), key(whole, source="high"), key(whole, run="another"), key(whole, name="another")}) == 4


def test_other_audio_is_another_key(whole: Path, tmp_path: Path) -> None:
    audio = tones_that_change()
    one_sample = audio.copy()
    one_sample[-1] += 2**-20
    # At half the level, and with silence at its end, the chunks as they are steered are the same.
    periodic = np.tile(audio[:4000], 6)
    others = [one_sample, audio / 2, audio[:-1], periodic, periodic[:-4], np.append(audio, np.float32(0))]
    found = {key(prepare(tmp_path / str(number), other)) for number, other in enumerate(others)}
    assert len({key(whole), *found}) == 1 + len(others)


@pytest.mark.parametrize("what", ["generator", "hop", "tagger", "labels", "tag", "method", "torch"])
def test_other_weights_tags_or_versions_are_another_key(
    whole: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    before = key(whole)
    job = job_of(whole)
    generator, (tagger,) = job.track.method.generator, job.track.method.taggers
    if what == "generator":
        generator.fingerprint = "other weights"
    elif what == "hop":
        generator.hop = 32
    elif what == "tagger":
        tagger.fingerprint = "other weights"
    elif what == "labels":
        tagger.labels = VocabularyLabels(Vocabulary("bands", ("low", "very high")))
    elif what == "tag":
        monkeypatch.setattr(VocabularyLabels, "find", lambda *_: [0, 1])
    elif what == "method":
        monkeypatch.setattr(keys, "METHOD_VERSION", keys.METHOD_VERSION + 1)
    else:
        monkeypatch.setattr(torch, "__version__", "2.99")
    assert job.key("low") != before


def test_a_tagger_of_another_name_is_the_same_one(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = key(whole)
    monkeypatch.setattr(BandTagger, "name", "the same, renamed")
    assert key(whole) == before
