"""Errors that are the user's to mend, told as sentences."""

import ast
import errno
import logging
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NAMES = re.compile(r"""(?:^|, )(track|run|source) ('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")""")
"""What `told_in_log` writes of the names of a job."""

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Control characters, which a terminal would obey; but for tabs and line breaks."""

DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


class Harmless(logging.Formatter):
    """Messages as they are, but without control characters: they may quote what stands in a file."""

    def format(self, record: logging.LogRecord) -> str:
        """The message of a record."""
        return CONTROL.sub("\N{REPLACEMENT CHARACTER}", super().format(record))


class UserError(Exception):
    """A mistake in the input, told in one sentence: what is wrong, where, and what to do."""


@contextmanager
def told_in_log(log: str | Path, **names: str) -> Iterator[None]:
    """Run a job whose messages go to its log file and to stderr.

    The first line has the true `names` of what the job is for (`track`, `run`, `source`): paths have only their slugs.

    A `UserError` ends the process with status 1 and its sentence as the last line of the log,
    prefixed by `error: ` (the report quotes that line); so does a full disk. Any other exception is a defect of ours:
    its traceback goes to the log, followed by such a line.
    """
    Path(log).parent.mkdir(parents=True, exist_ok=True)
    file = logging.FileHandler(log, mode="w", encoding="utf-8", errors="backslashreplace")
    handlers: list[logging.Handler] = [file, logging.StreamHandler()]
    for handler in handlers:
        handler.setFormatter(Harmless())
    logging.basicConfig(level=logging.INFO, handlers=handlers, force=True)
    if names:
        logging.info(", ".join(f"{kind} {name!r}" for kind, name in names.items()))
    try:
        yield
    except UserError as error:
        logging.error("error: %s", error)
        sys.exit(1)
    except Exception as error:
        if isinstance(error, OSError) and error.errno in DISK_FULL:
            logging.error("error: %s; make room on the disk and run again", error)
            sys.exit(1)
        logging.error(traceback.format_exc())
        defect = f"unexpected {type(error).__name__}: {error}"
        logging.error("error: %s (a defect of StemSteer; the log has the traceback)", defect)
        sys.exit(1)


def names_in(line: str) -> dict[str, str]:
    """The true names in the first line of a log, by what they are (`track`, `run`, `source`); none in another line."""
    return {kind: ast.literal_eval(name) for kind, name in NAMES.findall(line)}


@contextmanager
def told_on_terminal() -> Iterator[None]:
    """Run a program whose mistakes and interruptions by Ctrl-C end it without a stack trace."""
    try:
        yield
    except UserError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit(130)  # as shells count it


def first_line(error: Exception) -> str:
    """What an error of another package says, in one line."""
    return (str(error).splitlines() or [type(error).__name__])[0]
