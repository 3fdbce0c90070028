"""What goes wrong on clusters, done to a real one."""

import html
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cluster import Cluster, wait_until
from submission import PATIENCE, SLOW, Submission, estimate
from workdir import QUICK

LONG = {**SLOW, "steps": 500}
"""Slurm looks every 30 s whether a job's time is over: this one must not be over sooner by itself."""


@pytest.fixture(scope="module")
def interfered(prepared: Submission, cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Submission:
    """Two ascents side by side: one is cancelled, the other is out of time."""
    submission = prepared.copy(tmp_path_factory.mktemp("interfered"))
    submission.configure(runs={"slow": LONG})
    with submission.started(estimate("cancelled"), estimate("late")) as snakemake:
        cluster.cancel(submission.in_mid_ascent(cluster, "cancelled"))
        cluster.end_time_of(submission.in_mid_ascent(cluster, "late"))
        ended = submission.end(snakemake)
    assert ended.status == 0, ended.output
    return submission


@pytest.mark.parametrize(("track", "state"), [("cancelled", "CANCELLED"), ("late", "TIMEOUT")])
def test_a_job_that_is_stopped_goes_on_in_another(
    interfered: Submission, cluster: Cluster, track: str, state: str
) -> None:
    first, second = interfered.ascents(cluster, track)
    assert (first.state, second.state) == (state, "COMPLETED")
    assert second.memory_mb == 2 * first.memory_mb
    assert 0 < interfered.record(track)["resumed_at"] < LONG["steps"]
    assert interfered.record(track)["steps"] == LONG["steps"]


def test_a_job_over_its_memory_gets_more(prepared: Submission, cluster: Cluster, tmp_path: Path) -> None:
    """On a site that wants the GPU as a generic resource."""
    submission = prepared.copy(tmp_path)
    resources = ("steer:slurm_partition=gpu", "steer:gres=gpu:1", "steer:mem_mb=400 * attempt ** 3")
    ended = submission.run(estimate("first"), "--set-resources", *resources)
    assert ended.status == 0, ended.output
    jobs = submission.ascents(cluster, "first")
    assert [(job.state == "COMPLETED", job.memory_mb) for job in jobs] == [(False, 400), (True, 3200)]
    assert {(job.facts["TresPerNode"], job.facts["JOB_GRES"]) for job in jobs} == {("gres:gpu:1", "gpu:1")}
    logs = [path.read_text() for path in (tmp_path / ".snakemake/slurm_logs").rglob("*.log")]
    assert any("Exceeded job memory limit" in log for log in logs)


def test_jobs_of_a_node_that_fails_run_again(prepared: Submission, cluster: Cluster, tmp_path: Path) -> None:
    submission = prepared.copy(tmp_path)
    with submission.started(estimate("first")) as snakemake:
        submission.in_mid_ascent(cluster, "first")
        cluster.kill_node("gpu1")
        cluster.start_node("gpu1")
        wait_until(lambda: submission.ascents(cluster, "first")[0].state == "PENDING", PATIENCE, "job queued again")
        cluster.start_now(submission.ascents(cluster, "first")[0])
        ended = submission.end(snakemake)
    assert ended.status == 0, ended.output
    (job,) = submission.ascents(cluster, "first")
    assert (job.state, job.facts["Restarts"]) == ("COMPLETED", "1")
    assert submission.record("first")["resumed_at"] > 0


def test_a_rerun_after_snakemake_was_killed_does_what_is_left(
    prepared: Submission, cluster: Cluster, tmp_path: Path
) -> None:
    submission = prepared.copy(tmp_path)
    with submission.started(estimate("first")):
        submission.in_mid_ascent(cluster, "first")
    # Left like this, it is killed.
    # What a user does who finds the job still in the queue.
    (job,) = submission.ascents(cluster, "first")
    assert job.state == "RUNNING"
    cluster.cancel(job)
    wait_until(lambda: submission.ascents(cluster, "first")[0].state == "CANCELLED", PATIENCE, "end of the job")
    assert not (submission.folder / estimate("first")).exists()
    unlocked = submission.run("--unlock")
    assert unlocked.status == 0, unlocked.output
    ended = submission.run(estimate("first"))
    assert ended.status == 0, ended.output
    assert ended.jobs == {"steer": 1, "total": 1}
    assert submission.record("first")["resumed_at"] > 0


def test_a_broken_track_fails_alone_and_is_named(cluster: Cluster, prepared: Submission, tmp_path: Path) -> None:
    submission = prepared.copy(tmp_path)
    (tmp_path / "words.mp3").write_text("These are the words of a song.\n" * 100)
    submission.tracks({"track": "first", "mixture": "song.wav"}, {"track": "broken", "mixture": "words.mp3"})
    submission.configure(runs={"quick": QUICK})
    ended = submission.run("--retries", "0")
    assert ended.status == 1
    sentence = "'words.mp3' cannot be read as audio"
    assert sentence in ended.output
    assert (tmp_path / "results/runs/quick/stems/first/guitar.wav").exists()
    assert not (tmp_path / "results/audio/broken/mixture.wav").exists()
    page = html.unescape(submission.text("results/report/index.html"))
    assert "What is missing" in page
    assert sentence in page


def test_a_full_disk_leaves_nothing_half_written(cluster: Cluster, prepared: Submission, tmp_path: Path) -> None:
    submission = prepared.copy(tmp_path)
    with small_disk(tmp_path / "results/runs") as disk:
        ended = submission.run(estimate("first"), "--retries", "0")
        assert ended.status == 1
        *_, told = submission.text("logs/steer/slow/first/guitar.log").splitlines()
        assert told.startswith("error: [Errno 28] No space left on device: 'results/runs/slow/")
        assert [path for path in disk.rglob("*") if path.is_file()] == []
        subprocess.run(["mount", "-o", "remount,size=16m", disk], check=True)
        ended = submission.run(estimate("first"))
        assert ended.status == 0, ended.output
        # The ascent itself was done.
        assert submission.record("first")["resumed_at"] == SLOW["steps"]


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A disk of 64 KiB, less than a second of audio takes."""
    folder.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "stemsteer", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def test_a_partition_that_is_not_there_is_told_with_what_to_set(
    cluster: Cluster, prepared: Submission, tmp_path: Path
) -> None:
    submission = prepared.copy(tmp_path)
    resources = ("steer:slurm_partition=elsewhere", "steer:gpu=1")
    ended = submission.run(estimate("first"), "--retries", "0", "--set-resources", *resources)
    assert ended.status == 1
    assert "hint: Slurm refused a job (invalid partition specified): in profiles/slurm/config.yaml" in ended.output
