"""What jobs ask for grows with the length of the track, with the work, and with every attempt."""

from pathlib import Path

import numpy as np
import pytest

from groups import grouped
from stemsteer.jobs import resources
from stemsteer.jobs.resources import (
    computes_on_gpu,
    megabytes,
    minutes,
    perturbation_cost,
    steering_megabytes,
    steering_seconds,
    track_seconds,
    workers_for,
)
from stemsteer.settings.run import RunSettings
from stemsteer.settings.tracks import Track
from stemsteer.sound import audio

ABSENT = Path("absent.wav")


def track(mixture: Path | str, duration: float | None = None) -> Track:
    return Track("song", str(mixture), ("drums",), duration=duration)


def test_a_decoded_track_is_as_long_as_its_model_signal(tmp_path: Path) -> None:
    audio.write(tmp_path / "mono.wav", np.zeros((3 * 44100, 1), np.float32), 44100)
    assert track_seconds(track(ABSENT, 60), tmp_path / "mono.wav") == pytest.approx(3, abs=0.01)


@pytest.mark.parametrize(("suffix", "kilobits"), [(".wav", 1411), (".flac", 800), (".mp3", 128), (".m4a", 96)])
def test_a_file_is_never_taken_for_shorter_than_it_is(tmp_path: Path, suffix: str, kilobits: int) -> None:
    song = tmp_path / f"song{suffix}"
    song.write_bytes(bytes(kilobits * 1000 // 8 * 10))
    assert 10 <= track_seconds(track(song), ABSENT) <= 600


def test_an_excerpt_is_as_long_as_the_table_says_and_no_longer_than_the_file(tmp_path: Path) -> None:
    song = tmp_path / "song.wav"
    song.write_bytes(bytes(88_200 * 20))
    assert track_seconds(track(song, 5), ABSENT) == 5
    assert track_seconds(track(song, 50), ABSENT) == 20
    assert track_seconds(track(ABSENT, 5000), ABSENT) == 5000


def test_another_attempt_gets_twice_as_much() -> None:
    assert [megabytes(1000, 2, 250, attempt) for attempt in (1, 2, 3)] == [1500, 3000, 6000]
    assert [minutes(5, 90, attempt) for attempt in (1, 2, 3)] == [7, 14, 28]


def run(**settings: object) -> RunSettings:
    return RunSettings.model_validate(grouped(**settings))


def test_time_grows_with_all_that_is_done_one_after_the_other() -> None:
    short = run(steps=10)
    once = steering_seconds(short, 60, 1, on_gpu=False)
    assert steering_seconds(short, 120, 1, on_gpu=False) == 2 * once
    assert steering_seconds(short, 60, 3, on_gpu=False) == 3 * once
    assert steering_seconds(run(steps=20), 60, 1, on_gpu=False) == 2 * once
    assert steering_seconds(run(steps=10, threads=4), 60, 1, on_gpu=False) == once / 4
    assert steering_seconds(short, 60, 1, on_gpu=True) < once


PERTURBATION = RunSettings.model_validate({"taggers": {"names": ["MTT_vgg"]}, "steering": {"subsets": 32}})


def test_perturbation_hears_subsets_of_all_dictionaries() -> None:
    # The parts of 4 dictionaries; 1 + 4 x 32 + 2 x 2 hearings by a tagger that takes 0.01 s.
    assert perturbation_cost(PERTURBATION, 2, [0.01]) == pytest.approx(0.15 + 1.33)
    # Three more sources are heard 6 more times, and by two taggers.
    assert perturbation_cost(PERTURBATION, 5, [0.01, 0.02]) == pytest.approx(0.15 + 139 * 0.03)
    fewer = RunSettings.model_validate({"generator": {"dictionaries": 1}, "steering": {"subsets": 8}})
    assert perturbation_cost(fewer, 1, [0.01]) == pytest.approx(0.0375 + 0.11)


def test_perturbation_gets_four_times_what_the_slowest_tagger_took() -> None:
    # 6 chunks cover 60 s, of which they share 5.
    needed = 65 * (0.15 + 133 * 0.0115)
    for on_gpu in (False, True):
        assert steering_seconds(PERTURBATION, 60, 2, on_gpu) == pytest.approx(4 * needed)


def test_each_of_two_taggers_may_be_as_slow_as_the_slowest() -> None:
    both = {"taggers": {"names": ["MTT_vgg", "instruments"]}, "steering": {"subsets": 32}}
    needed = 65 * (0.15 + 2 * 133 * 0.0115)
    assert steering_seconds(RunSettings.model_validate(both), 60, 2, on_gpu=False) == pytest.approx(4 * needed)


@pytest.mark.parametrize(("seconds", "workers", "chunks", "rounds"), [(60, 3, 6, 2), (60, 4, 6, 2), (12, 4, 1, 1)])
def test_workers_share_the_chunks_of_a_track(seconds: float, workers: int, chunks: int, rounds: int) -> None:
    """A track of one chunk keeps one worker busy, however many there are."""
    alone, together = (steering_seconds(PERTURBATION, seconds, 2, False, number) for number in (1, workers))
    assert together == pytest.approx(alone * rounds / chunks)


def test_a_track_of_a_single_chunk_asks_for_its_own_length() -> None:
    assert steering_seconds(PERTURBATION, 0.5, 2, on_gpu=False) == pytest.approx(4 * 0.5 * (0.15 + 133 * 0.0115))


def test_memory_grows_with_chunks_and_not_with_what_lies_between_them() -> None:
    settings = run(chunk_seconds=12)
    assert steering_megabytes(settings, 4, 1, 1) < steering_megabytes(settings, 12, 1, 1)
    assert steering_megabytes(settings, 3600, 1, 1) == steering_megabytes(settings, 12, 1, 1)
    assert steering_megabytes(settings, 12, 4, 1) > 2 * steering_megabytes(settings, 12, 1, 1)
    assert steering_megabytes(settings, 12, 1, 4) == steering_megabytes(settings, 12, 4, 1) == 2000 + 200 * 4 * 12


@pytest.mark.parametrize(("workers", "measured"), [(1, 750), (2, 1050), (4, 1650)])
def test_perturbation_asks_for_more_memory_than_was_measured(workers: int, measured: float) -> None:
    """A process of 450 MB and 300 MB for each worker, with chunks of 12 s."""
    assert measured < steering_megabytes(PERTURBATION, 200, 1, workers) == 600 + 480 * workers < 2 * measured


def test_workers_fill_the_cores_that_jobs_leave_idle() -> None:
    assert [workers_for(jobs, 8) for jobs in (0, 1, 2, 3, 8, 100)] == [4, 4, 4, 2, 1, 1]


@pytest.mark.parametrize(
    ("device", "without", "with_one"), [("auto", False, True), ("cpu", False, False), ("cuda:1", True, True)]
)
def test_jobs_share_a_gpu_where_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, device: str, without: bool, with_one: bool
) -> None:
    monkeypatch.setattr(resources, "NVIDIA_GPU", tmp_path / "nvidia0")
    assert computes_on_gpu(device) == without
    (tmp_path / "nvidia0").touch()
    assert computes_on_gpu(device) == with_one
