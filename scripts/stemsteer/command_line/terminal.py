"""What a command prints: text for a terminal, tables for its width."""

import os
import shutil
import sys
import textwrap
from collections.abc import Mapping, Sequence

GAP = "  "
NARROWEST = 30
"""Columns that wrapped text keeps, however narrow the terminal is."""


def say(text: str) -> None:
    """Print text."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # Whoever reads has had enough, as `head` has; nothing is to be told of it at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def width() -> int:
    """Columns of the terminal, or enough where there is none."""
    return shutil.get_terminal_size((120, 24)).columns


def layout(rows: Sequence[Mapping[str, str]], columns: Sequence[str] | None, width: int) -> str:
    """A table with aligned columns, all or those named, of which the last is wrapped where `width` ends."""
    *front, last = columns or rows[0]
    widths = [max(len(column), *(len(row[column]) for row in rows)) for column in front]
    indent = sum(widths) + len(GAP) * len(front)
    lines = []
    for row in [{column: column for column in rows[0]}, *rows]:
        begin = "".join(row[column].ljust(size) + GAP for column, size in zip(front, widths, strict=True))
        end = textwrap.wrap(row[last], max(width - indent, NARROWEST), break_long_words=False, break_on_hyphens=False)
        lines += [(begin + "\n".join([*end[:1], *(" " * indent + more for more in end[1:])])).rstrip()]
    return "\n".join(lines)
