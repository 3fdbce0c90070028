"""Chunks that are steered at the same time come to what they come to one after the other."""

import logging
import threading
from pathlib import Path

import pytest
import torch

from parts_track import SOURCES as PARTS_SOURCES
from parts_track import job_of as parts_job
from parts_track import prepare as prepare_parts
from stemsteer.errors import UserError
from stemsteer.jobs.resources import MOST_WORKERS, workers_for, workers_in_memory
from tones_track import carry_out, job_of, prepare, results, track_settings

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A track steered chunk after chunk; tests only read it."""
    folder = prepare(tmp_path_factory.mktemp("whole"))
    carry_out(job_of(folder, track_settings(steps=2)), folder)
    return folder


class Together:
    """Lets no excerpt be decoded before another thread is about to decode one too; `threads` has those that came."""

    def __init__(self) -> None:
        self.barrier, self.met = threading.Barrier(2), threading.Event()
        self.threads, self.threads_of_torch = set[int](), set[int]()

    def __call__(self, _: int) -> None:
        self.threads.add(threading.get_ident())
        self.threads_of_torch.add(torch.get_num_threads())
        if not self.met.is_set():
            self.barrier.wait(timeout=60)
            self.met.set()


def test_workers_work_at_the_same_time_and_change_no_byte(tmp_path: Path, whole: Path) -> None:
    together = Together()
    folder = prepare(tmp_path)
    carry_out(job_of(folder, track_settings(steps=2), together, workers=2), folder)
    assert len(together.threads) == 2
    assert together.threads_of_torch == {1}
    assert results(folder) == results(whole)


@pytest.mark.parametrize("workers", [2, 3])
def test_parts_of_chunks_come_to_the_same_bytes(tmp_path: Path, workers: int) -> None:
    folders = [prepare_parts(tmp_path / name) for name in ("one", "more")]
    for folder, number in zip(folders, (1, workers), strict=True):
        carry_out(parts_job(folder, chunk_seconds=1, overlap_seconds=0.1, workers=number), folder)
    for source in PARTS_SOURCES:
        one, more = ((folder / f"{source}.wav").read_bytes() for folder in folders)
        assert one == more


def test_where_memory_runs_out_fewer_work(tmp_path: Path, whole: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    lock, inside = threading.Lock(), [0]

    def fails_for_two(_: int) -> None:
        with lock:
            inside[0] += 1
            if inside[0] == 3:
                raise torch.OutOfMemoryError

    folder = prepare(tmp_path)
    carry_out(job_of(folder, track_settings(steps=2), fails_for_two, workers=4), folder)
    assert "warning: out of memory; going on with 2 chunks at the same time" in caplog.messages
    assert results(folder) == results(whole)


def test_an_error_of_one_worker_ends_the_job(tmp_path: Path) -> None:
    def fails(_: int) -> None:
        raise UserError("no such thing")

    with pytest.raises(UserError, match="no such thing"):
        carry_out(job_of(prepare(tmp_path), track_settings(steps=2), fails, workers=3), tmp_path)
    assert not (tmp_path / "low.wav").exists()


@pytest.mark.parametrize(
    ("jobs", "cores", "workers"),
    [(1, 2, 2), (1, 1, 1), (2, 2, 1), (100, 16, 1), (2, 8, 4), (1, 64, MOST_WORKERS), (0, 2, 2)],
)
def test_no_core_is_idle_and_none_is_shared(jobs: int, cores: int, workers: int) -> None:
    assert workers_for(jobs, cores) == workers


@pytest.mark.parametrize(
    ("rate", "channels", "workers"), [(44_100, 1, 4), (44_100, 2, 4), (96_000, 2, 3), (96_000, 8, 1), (192_000, 32, 1)]
)
def test_many_channels_leave_room_for_fewer_workers(rate: int, channels: int, workers: int) -> None:
    assert workers_in_memory(4, 12 * rate * channels) == workers
