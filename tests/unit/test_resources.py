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
    steering_megabytes,
    steering_seconds,
    track_seconds,
)
from stemsteer.settings.run import RunSettings
from stemsteer.settings.tracks import Track
from stemsteer.sound import audio

ABSENT = "absent.wav"


def track(mixture: Path | str, duration: float | None = None) -> Track:
    return Track("song", str(mixture), ("drums",), duration=duration)


def test_a_decoded_track_is_as_long_as_its_model_signal(tmp_path):
    audio.write(tmp_path / "mono.wav", np.zeros((3 * 44100, 1), np.float32), 44100)
    assert track_seconds(track(ABSENT, 60), str(tmp_path / "mono.wav")) == pytest.approx(3, abs=0.01)


@pytest.mark.parametrize(("suffix", "kilobits"), [(".wav", 1411), (".flac", 800), (".mp3", 128), (".m4a", 96)])
def test_a_file_is_never_taken_for_shorter_than_it_is(tmp_path, suffix, kilobits):
    song = tmp_path / f"song{suffix}"
    song.write_bytes(bytes(kilobits * 1000 // 8 * 10))
    assert 10 <= track_seconds(track(song), ABSENT) <= 600


def test_an_excerpt_is_as_long_as_the_table_says_and_no_longer_than_the_file(tmp_path):
    song = tmp_path / "song.wav"
    song.write_bytes(bytes(88_200 * 20))
    assert track_seconds(track(song, 5), ABSENT) == 5
    assert track_seconds(track(song, 50), ABSENT) == 20
    assert track_seconds(track(ABSENT, 5000), ABSENT) == 5000


def test_another_attempt_gets_twice_as_much():
    assert [megabytes(1000, 2, 250, attempt) for attempt in (1, 2, 3)] == [1500, 3000, 6000]
    assert [minutes(5, 90, attempt) for attempt in (1, 2, 3)] == [7, 14, 28]


def run(**settings: object) -> RunSettings:
    return RunSettings.model_validate(grouped(**settings))


def test_time_grows_with_all_that_is_done_one_after_the_other():
    short = run(steps=10)
    once = steering_seconds(short, 60, 1, on_gpu=False)
    assert steering_seconds(short, 120, 1, on_gpu=False) == 2 * once
    assert steering_seconds(short, 60, 3, on_gpu=False) == 3 * once
    assert steering_seconds(run(steps=20), 60, 1, on_gpu=False) == 2 * once
    assert steering_seconds(run(steps=10, threads=4), 60, 1, on_gpu=False) == once / 4
    assert steering_seconds(short, 60, 1, on_gpu=True) < once


def test_memory_grows_with_chunks_and_not_with_what_lies_between_them():
    settings = run(chunk_seconds=12)
    assert steering_megabytes(settings, 4, 1) < steering_megabytes(settings, 12, 1)
    assert steering_megabytes(settings, 3600, 1) == steering_megabytes(settings, 12, 1)
    assert steering_megabytes(settings, 12, 4) > 2 * steering_megabytes(settings, 12, 1)


@pytest.mark.parametrize(
    ("device", "without", "with_one"), [("auto", False, True), ("cpu", False, False), ("cuda:1", True, True)]
)
def test_jobs_share_a_gpu_where_there_is_one(tmp_path, monkeypatch, device, without, with_one):
    monkeypatch.setattr(resources, "NVIDIA_GPU", tmp_path / "nvidia0")
    assert computes_on_gpu(device) == without
    (tmp_path / "nvidia0").touch()
    assert computes_on_gpu(device) == with_one
