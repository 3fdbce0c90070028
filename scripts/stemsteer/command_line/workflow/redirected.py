"""What programs and jobs write to the terminal, sent to a file, so that a live view has the terminal to itself."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


@contextmanager
def output_to(log: Path) -> Iterator[TextIO]:
    """Send stdout and stderr of this process and of its children to a file in the block.

    Yields the terminal, or whatever stderr was before.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("")
    sys.stdout.flush()
    sys.stderr.flush()
    kept = {number: os.dup(number) for number in (1, 2)}
    # Appended to, because another run that is refused soon writes there, too.
    with log.open("a", encoding="utf-8") as file, os.fdopen(os.dup(kept[2]), "w", encoding="utf-8") as terminal:
        for number in kept:
            os.dup2(file.fileno(), number)
        try:
            yield terminal
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for number, before in kept.items():
                os.dup2(before, number)
                os.close(before)
