"""Stop a decoder that comes to no end, or that says more than anyone could read."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

INTERVAL_S = 0.5
STALLED_S = 600.0
"""A decoder that gives nothing for so long does not go on, also over a slow network."""

MOST_MESSAGES = 64 << 20
"""Bytes. A broken file may bring some hundred for each of its frames."""


class Watch:
    """Of a process that is read from.

    Attributes:
        waiting_since: when (s, of `time.monotonic`) it was asked for more; None while it is not.
        verdict: why it was stopped, None if it was not.
    """

    def __init__(self) -> None:
        self.waiting_since: float | None = None
        self.verdict: str | None = None

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """While this block lasts, the process is to give something."""
        self.waiting_since = time.monotonic()
        try:
            yield
        finally:
            self.waiting_since = None

    def judge(self, messages: Path) -> None:
        """Find a verdict, if it is time for one."""
        since = self.waiting_since
        if messages.stat().st_size > MOST_MESSAGES:
            self.verdict = "ffmpeg finds too many defects in it"
        elif since is not None and time.monotonic() - since > STALLED_S:
            self.verdict = f"ffmpeg makes nothing of it for {STALLED_S:g} s"


@contextmanager
def watching(process: "subprocess.Popen[bytes]", messages: Path) -> Iterator[Watch]:
    """Watch a process, and the file of its messages, as long as the block lasts."""
    watch, over = Watch(), Event()

    def look() -> None:
        while watch.verdict is None and not over.wait(INTERVAL_S):
            watch.judge(messages)
        if watch.verdict:
            process.kill()

    thread = Thread(target=look, daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        over.set()
        thread.join()
