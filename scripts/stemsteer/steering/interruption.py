"""Being asked to stop: by a scheduler (SIGTERM) or by Ctrl-C (SIGINT)."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from stemsteer.errors import UserError

STOPPING = (signal.SIGTERM, signal.SIGINT)


class Interrupted(UserError):
    """The job was asked to stop and has put its work away."""


class Interruption:
    """Whether, and by which signal, the process was asked to stop."""

    signal: str | None = None

    def notice(self, number: int, _frame: FrameType | None) -> None:
        """Remember the first signal; a second one has its usual effect."""
        self.signal = signal.Signals(number).name
        for stopping in STOPPING:
            signal.signal(stopping, signal.SIG_DFL)


@contextmanager
def interruption_noticed() -> Iterator[Interruption]:
    """Signals to stop do not end the process in the block, but are noted for it to come to an end by itself.

    In a thread that is not the main one there are none to notice: Python gives them to the main thread.
    """
    interruption = Interruption()
    if threading.current_thread() is not threading.main_thread():
        yield interruption
        return
    before = {number: signal.signal(number, interruption.notice) for number in STOPPING}
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
