"""A corpus that is separated on a cluster: `snakemake --profile slurm`, while the test looks on or interferes."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from cluster import Cluster, SlurmJob, wait_until
from groups import grouped
from stemsteer.sound import audio
from workdir import QUICK, REPOSITORY, Ended, Workdir, music

PATIENCE = 480
"""Seconds that anything may take on a busy machine."""

IN_TESTS = ("--slurm-init-seconds-before-status-checks", "1", "--latency-wait", "5")
SLOW = {**QUICK, "steps": 100}
"""An ascent with time enough to interfere."""


@dataclass(frozen=True)
class Submission(Workdir):
    """A folder with a corpus."""

    def configure(self, **settings: Any) -> None:
        """Write a config; runs may name single settings, without their groups."""
        slow = {"tracks": "tracks.tsv", "sources": ["guitar"], "runs": {"slow": SLOW}, "checkpoint_seconds": 0.1}
        config = {**slow, **settings}
        config["runs"] = {name: grouped(**run) for name, run in config["runs"].items()}
        (self.folder / "mine.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")

    @contextmanager
    def started(self, *options: str) -> Iterator["subprocess.Popen[bytes]"]:
        """Snakemake, as it is typed in the checkout, at work on this folder; its output goes to output.txt."""
        command = [sys.executable, "-m", "snakemake", "--profile", "slurm", "--directory", str(self.folder)]
        with (self.folder / "output.txt").open("wb") as output:
            snakemake = subprocess.Popen(
                [*command, "--configfile", str(self.folder / "mine.yaml"), *IN_TESTS, *options],
                cwd=REPOSITORY,
                env={**os.environ, "OMP_NUM_THREADS": "1"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            yield snakemake
        finally:
            snakemake.kill()
            snakemake.wait()

    def end(self, snakemake: "subprocess.Popen[bytes]") -> Ended:
        """How it ends."""
        return Ended(snakemake.wait(PATIENCE), self.text("output.txt"))

    def run(self, *options: str) -> Ended:
        with self.started(*options) as snakemake:
            return self.end(snakemake)

    def in_mid_ascent(self, cluster: Cluster, track: str) -> SlurmJob:
        """The job of a track's ascent, as soon as it has something to go on from."""
        running = self.folder / f"results/checkpoints/slow/{track}/guitar/0.running"
        wait_until(running.exists, PATIENCE, f"checkpoint of {track}")
        return self.ascents(cluster, track)[-1]

    def ascents(self, cluster: Cluster, track: str) -> list[SlurmJob]:
        """The jobs of a track's ascent, one for each attempt."""
        return [job for job in cluster.jobs(self.folder) if job.work == f"rule_steer_wildcards_slow_{track}_guitar"]

    def record(self, track: str) -> dict[str, Any]:
        """Of a track's only chunk."""
        (chunk,) = self.json(estimate(track))["chunks"]
        return dict(chunk)

    def copy(self, folder: Path) -> "Submission":
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return Submission(folder)


def estimate(track: str) -> str:
    """What the ascent of a track makes last."""
    return f"results/runs/slow/estimates/{track}/guitar.json"


def prepare(folder: Path) -> Submission:
    """Tracks of a second, decoded and encoded on this machine: their ascents are next."""
    submission = Submission(folder)
    audio.write(folder / "song.wav", music(1, 44100), 44100)
    tracks = ("cancelled", "late", "first")
    submission.tracks(*({"track": track, "mixture": "song.wav"} for track in tracks))
    codes = [f"results/codes/embedded/{track}.json" for track in tracks]
    prepared = submission.snakemake(*codes)
    assert prepared.status == 0, prepared.output
    submission.configure()
    return submission
