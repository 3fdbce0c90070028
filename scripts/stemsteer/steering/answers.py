"""What taggers answered about a track, kept: for a source that is asked for later, they are not asked again."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from stemsteer.steering.checkpoints import read_checkpoint, write_checkpoint
from stemsteer.steering.problem import Problem


class KeptAnswers:
    """A folder of answers, a file for each chunk and for all that decides the answers.

    Runs that ask the same taggers the same questions share them. Nothing else reads the folder: it may be removed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, problems: Sequence[Problem], keys: Sequence[bytes | None]) -> list[dict[str, Any]] | None:
        """What is known of some problems, or nothing if it is not known of all of them."""
        found = [
            None if key is None else read_checkpoint(self._file(problem, key), key, torch.device("cpu"))
            for problem, key in zip(problems, keys, strict=True)
        ]
        known = [answers for answers in found if answers is not None]
        return known if len(known) == len(problems) else None

    def write(self, problems: Sequence[Problem], keys: Sequence[bytes | None], known: Sequence[dict[str, Any]]) -> None:
        """Keep what is known of some problems."""
        for problem, key, answers in zip(problems, keys, known, strict=False):
            if key is not None:
                write_checkpoint(self._file(problem, key), key, answers)

    def _file(self, problem: Problem, key: bytes) -> Path:
        return self.folder / f"{problem.chunk.index}.{key.hex()[:16]}.answers"
