"""Ascents that are stopped, repeated, put together or spread out come to the bytes of those left alone."""

import io
import os
import random
import shutil
import signal
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import torch

from stemsteer.sound import audio
from stemsteer.steering.checkpoints import DIGEST_BYTES
from workdir import Ended, Workdir, music

RATE = 44100
SOURCES = ["guitar", "drums"]
STEPS, CHUNKS = 8, 2
RUN: dict[str, Any] = {
    "steps": STEPS,
    "fft_sizes": [512],
    "names": ["MTT_vgg"],
    "chunk_seconds": 1,
    "overlap_seconds": 0.2,
}
SETTINGS: dict[str, Any] = {"sources": SOURCES, "runs": {"quick": RUN}}
TOGETHER: dict[str, Any] = {**SETTINGS, "sources_together": True}
OFTEN: dict[str, Any] = {**SETTINGS, "checkpoint_seconds": 1e-6}
"""A checkpoint after every step."""
SLOWER: dict[str, Any] = {**OFTEN, "runs": {"quick": {**RUN, "learning_rate": 1, "steps": 4}}}
ESTIMATES = Path("results/runs/quick/estimates/song")
CHECKPOINTS = Path("results/checkpoints/quick/song")


def estimates(*sources: str) -> list[str]:
    """Targets: the ascents, without the jobs that use what they make."""
    return [str(ESTIMATES / f"{source}.wav") for source in sources]


def made(workdir: Workdir, sources: Iterable[str] = SOURCES) -> dict[str, bytes]:
    """Estimates and histories."""
    names = [f"{source}{suffix}" for source in sources for suffix in (".wav", ".history.tsv")]
    return {name: (workdir.folder / ESTIMATES / name).read_bytes() for name in names}


def record(workdir: Workdir, source: str) -> dict[str, Any]:
    return workdir.json(str(ESTIMATES / f"{source}.json"))


def prepare(folder: Path) -> Workdir:
    audio.write(folder / "song.wav", music(1.7, RATE), RATE)
    workdir = Workdir(folder)
    workdir.tracks({"track": "song", "mixture": "song.wav"})
    return workdir


def copy(workdir: Workdir, folder: Path) -> Workdir:
    shutil.copytree(workdir.folder, folder, dirs_exist_ok=True)
    return Workdir(folder)


@pytest.fixture(scope="module")
def separate(tmp_path_factory: pytest.TempPathFactory) -> Workdir:
    """A job for each source, two at a time, that nobody stops; tests only read it."""
    workdir = prepare(tmp_path_factory.mktemp("separate"))
    ended = workdir.snakemake(*estimates(*SOURCES), **SETTINGS)
    assert ended.status == 0, ended.output
    assert ended.jobs == {"decode": 1, "codes": 1, "steer": 2, "total": 4}
    assert len(record(workdir, "guitar")["chunks"]) == CHUNKS
    return workdir


@pytest.fixture(scope="module")
def encoded(separate: Workdir, tmp_path_factory: pytest.TempPathFactory) -> Workdir:
    """The same before its ascents; tests work in copies."""
    workdir = copy(separate, tmp_path_factory.mktemp("encoded"))
    shutil.rmtree(workdir.folder / "results/runs")
    return workdir


# Interruptions


def processes(folder: Path) -> dict[int, list[str]]:
    """Those that work in a folder, with their command lines (Linux)."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # some end in the meantime
            if (process / "cwd").readlink() == folder:
                found[int(process.name)] = (process / "cmdline").read_text(encoding="utf-8").split("\0")
    return found


def stop_the_job(folder: Path, number: int) -> None:
    """Send a signal to the Python process of an ascent, and to nobody else."""
    scripts = {pid: arguments[1] for pid, arguments in processes(folder).items() if len(arguments) == 3}
    (job,) = (pid for pid, script in scripts.items() if script.endswith(".steer.py"))
    os.kill(job, number)


def press_control_c(folder: Path, number: int) -> None:
    """Send a signal to Snakemake and all that it has started, as a terminal does."""
    for process in processes(folder):
        with suppress(ProcessLookupError):
            os.kill(process, number)


def steps_taken(workdir: Workdir) -> int:
    """In the guitar's ascents, by their checkpoints."""
    folder = workdir.folder / CHECKPOINTS / "guitar"
    finished = {path.stem for path in folder.glob("?.finished")}
    running = [path for path in folder.glob("?.running") if path.stem not in finished]
    return STEPS * len(finished) + sum(step_of(path) for path in running)


def step_of(running: Path) -> int:
    try:
        saved = running.read_bytes()[2 * DIGEST_BYTES :]
    except FileNotFoundError:  # it has finished in the meantime
        return 0
    step: int = torch.load(io.BytesIO(saved), weights_only=True)["solver"]["step"]
    return step


def interrupted(
    encoded: Workdir, folder: Path, stop: Callable[[Path, int], None], number: int
) -> tuple[Workdir, Ended]:
    """A copy of the folder in which an ascent was stopped at some step, and how Snakemake ended."""
    seed = random.randrange(2**32)
    wanted = round(random.Random(seed).uniform(0.3, 0.7) * STEPS * CHUNKS)
    print(f"stopped after {wanted} of {STEPS * CHUNKS} steps (seed {seed})")
    workdir = copy(encoded, folder)
    with ThreadPoolExecutor(1) as executor:
        running = executor.submit(workdir.snakemake, *estimates("guitar"), **OFTEN)
        while steps_taken(workdir) < wanted:
            assert not running.done(), running.result().output
            time.sleep(0.01)
        stop(workdir.folder, number)
        ended = running.result()
    assert ended.status != 0
    assert "Traceback" not in ended.output
    assert not (workdir.folder / ESTIMATES / "guitar.wav").exists()
    assert wanted <= steps_taken(workdir) < STEPS * CHUNKS
    return workdir, ended


@pytest.fixture(scope="module")
def killed(encoded: Workdir, tmp_path_factory: pytest.TempPathFactory) -> Workdir:
    """Where the process of an ascent was killed; tests work in copies."""
    return interrupted(encoded, tmp_path_factory.mktemp("killed"), stop_the_job, signal.SIGKILL)[0]


def assert_goes_on(workdir: Workdir, separate: Workdir) -> None:
    """The same command takes the steps that are left, and comes to what an ascent comes to that nobody stops."""
    taken = steps_taken(workdir)
    ended = workdir.snakemake(*estimates("guitar"), **OFTEN)
    assert ended.status == 0, ended.output
    assert ended.jobs == {"steer": 1, "total": 1}
    chunks = record(workdir, "guitar")["chunks"]
    again = sum(chunk["steps"] - chunk["resumed_at"] for chunk in chunks)
    # Every step that was finished counts; the one that was not is lost.
    assert taken + again == STEPS * CHUNKS
    assert (taken + 1 + again) / (STEPS * CHUNKS) < 1.7
    assert made(workdir, ["guitar"]) == made(separate, ["guitar"])
    assert not list((workdir.folder / CHECKPOINTS).iterdir())


def test_an_ascent_that_was_killed_goes_on_where_it_was(killed: Workdir, separate: Workdir, tmp_path: Path) -> None:
    assert_goes_on(copy(killed, tmp_path), separate)


@pytest.mark.parametrize(
    ("stop", "number"),
    [
        pytest.param(stop_the_job, signal.SIGTERM, id="SIGTERM"),
        pytest.param(press_control_c, signal.SIGINT, id="Ctrl-C"),
    ],
)
def test_an_ascent_that_was_asked_to_stop_says_so_and_goes_on_where_it_was(
    encoded: Workdir, separate: Workdir, tmp_path: Path, stop: Callable[[Path, int], None], number: signal.Signals
) -> None:
    workdir, ended = interrupted(encoded, tmp_path, stop, number)
    sentence = workdir.text("logs/steer/quick/song/guitar.log").splitlines()[-1]
    step = steps_taken(workdir) % STEPS or STEPS
    assert sentence.startswith(f"error: stopped by {number.name} after step {step} of {STEPS} of guitar.")
    assert sentence in ended.output
    assert_goes_on(workdir, separate)


def test_checkpoints_of_other_settings_are_not_used(killed: Workdir, encoded: Workdir, tmp_path: Path) -> None:
    changed, fresh = copy(killed, tmp_path / "changed"), copy(encoded, tmp_path / "fresh")
    for workdir in (changed, fresh):
        ended = workdir.snakemake(*estimates("guitar"), **SLOWER)
        assert ended.status == 0, ended.output
    assert [chunk["resumed_at"] for chunk in record(changed, "guitar")["chunks"]] == [0] * CHUNKS
    assert made(changed, ["guitar"]) == made(fresh, ["guitar"])
    assert not list((changed.folder / CHECKPOINTS).iterdir())


# Together or spread out


def test_sources_together_are_one_job_to_which_another_one_can_be_added(
    encoded: Workdir, separate: Workdir, tmp_path: Path
) -> None:
    workdir = copy(encoded, tmp_path)
    together = workdir.snakemake(*estimates(*SOURCES), **TOGETHER)
    assert together.status == 0, together.output
    assert together.jobs == {"steer": 1, "total": 1}
    assert made(workdir) == made(separate)
    # With the time that they took.
    before = [record(workdir, source) for source in SOURCES]
    more = workdir.snakemake(*estimates("piano"), **{**TOGETHER, "sources": [*SOURCES, "piano"]})
    assert more.status == 0, more.output
    assert more.jobs == {"steer": 1, "total": 1}
    assert made(workdir) == made(separate)
    assert [record(workdir, source) for source in SOURCES] == before
    assert len(record(workdir, "piano")["chunks"]) == CHUNKS


@pytest.mark.parametrize(("together", "jobs"), [(True, 2 + 2), (False, 5 + 2)])
def test_there_is_a_job_for_each_track_or_for_each_of_its_sources(
    encoded: Workdir, tmp_path: Path, together: bool, jobs: int
) -> None:
    workdir = copy(encoded, tmp_path)
    song = {"mixture": "song.wav"}
    workdir.tracks({**song, "track": "two"}, {**song, "track": "three", "sources": "guitar, drums, piano"})
    runs = {"quick": RUN, "guitars only": {**RUN, "sources": ["guitar"]}}
    dry = workdir.snakemake("-n", "stems", **{**SETTINGS, "runs": runs, "sources_together": together})
    assert sum(number for rule, number in dry.jobs.items() if rule.startswith("steer")) == jobs


def test_one_core_comes_to_the_same_bytes_as_two(separate: Workdir, tmp_path: Path) -> None:
    workdir = prepare(tmp_path)
    ended = workdir.snakemake("--cores", "1", *estimates(*SOURCES), **SETTINGS)
    assert ended.status == 0, ended.output
    assert made(workdir) == made(separate)
