"""What an interrupted job goes on from: finished sources of chunks, and the state of a running solver."""

import logging
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from stemsteer.names import slug
from stemsteer.steering.base import Moment, Solver
from stemsteer.steering.checkpoints import read_checkpoint, write_checkpoint
from stemsteer.steering.outcome import Outcome
from stemsteer.steering.problem import Problem, Wanted, names_of


class Checkpoints:
    """The checkpoints of a track in a run.

    Args:
        folder: where they lie: a folder for each source, with files for each chunk.
        seconds: between two checkpoints of a running solver.
    """

    def __init__(self, folder: Path, seconds: float) -> None:
        self.folder, self.seconds = folder, seconds

    def finished(self, problem: Problem, key: bytes) -> list[Outcome] | None:
        """The outcomes of a problem that was solved before an interruption, or nothing."""
        found = [self._read_finished(problem, wanted, key) for wanted in problem.wanted]
        outcomes = [outcome for outcome in found if outcome is not None]
        return outcomes if len(outcomes) == len(problem.wanted) else None

    def _read_finished(self, problem: Problem, wanted: Wanted, key: bytes) -> Outcome | None:
        saved = read_checkpoint(self._file(problem, wanted, "finished"), key, torch.device("cpu"))
        if saved is None:
            return None
        history = [Moment(**moment) for moment in saved["history"]]
        return Outcome(
            problem.chunk,
            wanted,
            saved["audio"].numpy(),
            history,
            saved["kept"],
            saved["seconds"],
            resumed_at=history[-1].step,
            facts=saved["facts"],
        )

    def write_finished(self, problem: Problem, key: bytes, outcomes: Sequence[Outcome]) -> None:
        """Keep the outcomes of a problem."""
        for outcome in outcomes:
            content = {
                "audio": torch.from_numpy(outcome.audio),
                "history": [asdict(moment) for moment in outcome.history],
                "kept": outcome.kept,
                "seconds": outcome.seconds,
                "facts": dict(outcome.facts),
            }
            write_checkpoint(self._file(problem, outcome.wanted, "finished"), key, content)

    def running(self, problems: Sequence[Problem]) -> Path:
        """The file of the state of a solver of these problems."""
        return self._file(problems[0], problems[0].wanted[0], "running")

    def _file(self, problem: Problem, wanted: Wanted, stage: str) -> Path:
        return self.folder / slug(wanted.source) / f"{problem.chunk.index}.{stage}"

    def remove(self, sources: Sequence[str]) -> None:
        """For when the outputs are complete. Those of other settings go too, and what a killed job left half-made."""
        for source in sources:
            shutil.rmtree(self.folder / slug(source), ignore_errors=True)


class ResumableSolver:
    """A solver whose state is written now and then, and read when it starts."""

    def __init__(
        self,
        begin: Callable[[], Solver],
        problems: Sequence[Problem],
        key: bytes,
        checkpoints: Checkpoints,
        device: torch.device,
    ) -> None:
        """`begin` gives the solver: what that takes counts as its time."""
        self.started = self.last_saved = time.monotonic()
        self.earlier_seconds = 0.0
        self.solver, self.key = begin(), key
        self.file, self.between = checkpoints.running(problems), checkpoints.seconds
        saved = read_checkpoint(self.file, key, device)
        if saved:
            self.solver.restore(saved["solver"])
            self.earlier_seconds = saved["seconds"]
            logging.info("going on from step %d of %s", self.solver.step, names_of(problems))
        self.resumed_at = self.solver.step

    @property
    def seconds(self) -> float:
        """How long this solver has computed, in all processes."""
        return self.earlier_seconds + time.monotonic() - self.started

    def is_due(self) -> bool:
        """Whether it is time for a checkpoint."""
        return time.monotonic() - self.last_saved > self.between

    def save(self) -> None:
        """Write a checkpoint."""
        content: dict[str, Any] = {"solver": self.solver.state(), "seconds": self.seconds}
        write_checkpoint(self.file, self.key, content)
        self.last_saved = time.monotonic()

    def remove(self) -> None:
        """Remove the checkpoint, because all is solved."""
        self.file.unlink(missing_ok=True)
