"""What is known of a running workflow: its jobs, and how far they are."""

import re
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stemsteer.command_line.workflow.slugs import true_names
from stemsteer.errors import names_in
from stemsteer.jobs.layout import followed_beside

STAGES = {
    "decode": "reading",
    "decode_reference": "reading a reference",
    "codes": "encoding",
    "reconstruction": "encoding",
    "steer": "separating",
    "stem": "writing stems",
    "export": "exporting",
    "evaluate": "scoring",
    "baselines": "comparing with simple methods",
    "peers": "comparing with other separators",
    "report": "writing the report",
    "scores": "gathering scores",
    "summarise": "gathering scores",
    "figures": "drawing",
    "model": "fetching a model",
}
"""What users call a job, by its rule; others are called by their rules."""

WEIGHTS = {"steer": 30.0, "baselines": 6.0, "peers": 6.0, "codec_training": 1000.0}
"""How long a job takes, roughly, in the time of the smallest ones; 1 for all others."""


def rule_of(name: str) -> str:
    """The rule that a numbered one shares its work with: `steer` for `steer_1`."""
    return re.sub(r"_\d+$", "", name)


@dataclass(frozen=True)
class RunningJob:
    """A job that has been started or sent to a cluster."""

    rule: str
    wildcards: Mapping[str, str]
    log: Path | None

    @property
    def stage(self) -> str:
        """What it does, in a user's words."""
        return STAGES.get(self.rule, self.rule.replace("_", " "))

    def names(self) -> dict[str, str]:
        """The names of what it is for (`track`, `run`, `source`), as its log begins with them; at first those known."""
        try:
            with (self.log or Path()).open(encoding="utf-8", errors="replace") as log:
                told = names_in(log.readline())
        except OSError:  # it has not begun
            told = {}
        return told or true_names(self.wildcards)

    def share(self) -> float | None:
        """How much of it is done, from 0 to 1, where it says so."""
        try:
            done, total = map(float, followed_beside(self.log or Path()).read_text(encoding="utf-8").split())
        except (OSError, ValueError):  # it has not begun, it says nothing, or it is just being written
            return None
        return done / total if total else None

    def forget_share(self) -> None:
        """Remove what an earlier attempt that was killed has said of its share."""
        if self.log is not None:
            followed_beside(self.log).unlink(missing_ok=True)

    def error(self) -> str | None:
        """The sentence that its log ends with, if it failed with one."""
        try:
            text = (self.log or Path()).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None
        last = text.rstrip().rpartition("\n")[2]
        return last.removeprefix("error: ") if last.startswith("error: ") else None


@dataclass
class State:
    """A workflow's jobs as Snakemake tells of them, for another thread to show."""

    waiting: Counter[str] = field(default_factory=Counter)
    """By rule, those that have not been started."""
    running: dict[int, RunningJob] = field(default_factory=dict)
    failed: dict[int, RunningJob] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)
    """What Snakemake says of the workflow as a whole, where something is wrong with it."""
    locked: bool = False
    """Whether another run has the folder for itself."""
    interrupted: bool = False
    """Whether the user has stopped the workflow."""
    done_weight: float = 0.0
    began: float = field(default_factory=time.monotonic)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def plan(self, jobs: Mapping[str, int]) -> None:
        """So many jobs of each rule are to be done."""
        with self.lock:
            for rule, number in jobs.items():
                self.waiting[rule_of(rule)] += number

    def start(self, number: int, job: RunningJob) -> None:
        """A job has been started; it may be another attempt of one that failed."""
        with self.lock:
            if self.failed.pop(number, None) is None:
                self.waiting[job.rule] = max(0, self.waiting[job.rule] - 1)
            self.running[number] = job

    def finish(self, number: int) -> None:
        """A job has ended well."""
        with self.lock:
            if job := self.running.pop(number, None):
                self.done_weight += weight(job.rule)

    def fail(self, number: int) -> None:
        """A job has failed."""
        with self.lock:
            if job := self.running.pop(number, None):
                self.failed[number] = job

    def share(self) -> float:
        """How much of all work is done, from 0 to 1."""
        with self.lock:
            running = [(weight(job.rule), job.share() or 0.0) for job in self.running.values()]
            left = sum(weight(rule) * number for rule, number in self.waiting.items())
            left += sum(whole for whole, _ in running) + sum(weight(job.rule) for job in self.failed.values())
            done = self.done_weight + sum(whole * share for whole, share in running)
        return done / (self.done_weight + left) if self.done_weight + left else 0.0

    def seconds_left(self) -> float | None:
        """How long the rest takes if it goes on as it went; None as long as too little is done to tell."""
        share, seconds = self.share(), time.monotonic() - self.began
        return seconds * (1 - share) / share if share > 0.03 and seconds > 3 else None


def weight(rule: str) -> float:
    """How long a job of a rule takes, roughly."""
    return WEIGHTS.get(rule, 1.0)
