"""The command `stemsteer` as it is typed, and what comes of it."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

COMMAND = (sys.executable, "-m", "stemsteer")

STAMP = re.compile(r"\[\d:\d\d:\d\d\] ")
"""How lines begin that tell how far a workflow is."""


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def files(self) -> dict[tuple[str, str], str]:
        """The paths in the table of stems, by track and source."""
        lines = self.out.partition("\n\n")[0].splitlines()
        head, *rows = [line.split("  ") for line in lines if not line.startswith(("note: ", "warning: "))]
        assert [cell for cell in map(str.strip, head) if cell not in ("", "heard", "improvement")] == [
            *("track", "source", "level", "file")
        ]
        return {(row[0].strip(), next(filter(None, row[1:])).strip()): row[-1].strip() for row in rows}

    @property
    def complaints(self) -> list[str]:
        """What was told but how far the workflow was."""
        return [line for line in self.err.splitlines() if not STAMP.match(line)]


def run(folder: Path, *arguments: str | Path) -> Ended:
    """Run `stemsteer` in a folder, with its output in pipes."""
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        encoding="utf-8",
        timeout=600,
    )
    assert "Traceback" not in done.stdout + done.stderr
    return Ended(done.returncode, done.stdout, done.stderr)


def contents(folder: Path, pattern: str) -> dict[str, bytes]:
    """Of the files that match a pattern, by their paths."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.glob(pattern) if path.is_file()}
