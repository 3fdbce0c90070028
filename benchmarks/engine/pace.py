"""One side of an alternation: a process that takes a step whenever it is asked for one, and says how long it took.

A line on standard input asks for a step; a line of JSON on standard output answers. Both sides of the comparison use
this file, each with its own interpreter, so it imports nothing but the standard library.
"""

import json
import os
import resource
import sys
import time
from typing import Any


class Pace:
    """The clock of a process and its connection to the one that asks."""

    def __init__(self) -> None:
        # What libraries print must not be taken for an answer.
        self._answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1, encoding="utf-8")
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        self._started = 0.0

    def ready(self) -> None:
        """Everything is loaded: wait for the first step to be asked for."""
        self._answer()

    def taken(self, loss: float) -> None:
        """A step is done: tell what it took and what the loss was before it, then wait for the next to be asked for."""
        seconds = time.perf_counter() - self._started
        self._answer(seconds=seconds, loss=loss, peak=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)

    def _answer(self, **facts: Any) -> None:
        print(json.dumps(facts), file=self._answers)
        if not sys.stdin.readline():
            sys.exit(0)  # nobody asks any more
        self._started = time.perf_counter()
