"""What is in the files of users: jobs follow it, and not the dates, which lie and change when files move.

A corpus is too large to be read whenever the workflow is. So a file of audio is known by the size and the date that it
had when it was first seen. The job that reads it notes the hash of what it has read. Where size or date are others
later, the file is hashed once more: it keeps what it is known by, or becomes another one.
"""

import json
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from stemsteer.models.weights import sha256

NOTES = Path("results/contents.jsonl")
"""Where a workflow notes what is in files, in its working directory."""

UNKNOWN = "unknown"
"""Stands for the content of a file that is not there, or that nobody may read."""


class Noted(NamedTuple):
    """What is noted of a file: as a line of JSON.

    Attributes:
        path: absolute.
        size: in bytes.
        mtime_ns: its date, in nanoseconds.
        sha256: of its content, hexadecimal.
        known_by: what stands for its content among the parameters of jobs.
    """

    path: str
    size: int
    mtime_ns: int
    sha256: str
    known_by: str


class Contents:
    """What is noted of files, from one call of the workflow to the next."""

    def __init__(self, notes: Path = NOTES, *, adds: bool = True) -> None:
        """`notes` is the file with the lines; it need not be there, and is left as it is where nothing `adds` to it."""
        self.notes, self.adds = notes, adds
        lines = notes.read_text(encoding="utf-8").splitlines() if notes.exists() else []
        self._noted = {noted.path: noted for noted in map(_read, lines) if noted}

    def of(self, path: str) -> str:
        """What stands for the content of a file: the same as long as the content is.

        If it cannot be read now, but could before, the answer is that of before: what was made of it stays good.
        """
        noted = self._noted.get(os.path.abspath(path))
        try:
            size, mtime_ns = _state(path)
            if noted is None:
                return f"{size} bytes of {mtime_ns}"
            if (size, mtime_ns) != (noted.size, noted.mtime_ns):
                same = size == noted.size and sha256(Path(path)) == noted.sha256
                return self.note(path, noted.known_by if same else f"{size} bytes of {mtime_ns}")
        except (OSError, ValueError):  # It is no file, or its name cannot be that of one.
            pass
        return noted.known_by if noted else UNKNOWN

    def has(self, path: str, known_by: str) -> bool:
        """Whether a file, as it is now, is noted already, with what it is known by."""
        noted = self._noted.get(os.path.abspath(path))
        return noted is not None and (*_state(path), known_by) == (noted.size, noted.mtime_ns, noted.known_by)

    def of_weights(self, path: str) -> str:
        """As `of`, for a file that is one of few: it is hashed at once, and no job has to note it."""
        known_by = self.of(path)
        if known_by != UNKNOWN and os.path.abspath(path) not in self._noted:
            self.note(path, known_by)
        return known_by

    def note(self, path: str, known_by: str) -> str:
        """Note the content of a file that has been read; returns what it is known by.

        Raises:
            OSError: the file cannot be read, or nothing can be noted.
        """
        noted = Noted(os.path.abspath(path), *_state(path), sha256(Path(path)), known_by)
        self._noted[noted.path] = noted
        if not self.adds:
            return known_by
        self.notes.parent.mkdir(parents=True, exist_ok=True)
        # At once, so that the lines of several processes do not mix.
        with self.notes.open("ab", buffering=0) as file:
            file.write(json.dumps(noted._asdict()).encode() + b"\n")
        return known_by


def note_content(path: str, known_by: str | None) -> None:
    """Note the content of a file that a job has read; nothing for a file that the workflow has made.

    Args:
        path: of the file.
        known_by: what stood for its content when the job began.
    """
    if known_by is not None:
        with suppress(OSError):  # The file has gone meanwhile, and is a new one when it comes back.
            contents = Contents()
            if not contents.has(path, known_by):
                contents.note(path, known_by)


def _state(path: str) -> tuple[int, int]:
    """Size and date of a file that can be read."""
    found = os.stat(path)
    # To read a pipe would be to wait for ever.
    if not stat.S_ISREG(found.st_mode) or not os.access(path, os.R_OK):
        raise PermissionError(path)
    return found.st_size, found.st_mtime_ns


def _read(line: str) -> Noted | None:
    """What a line notes, if it is whole."""
    try:
        return Noted(**json.loads(line))
    except (ValueError, TypeError):
        return None
