"""Run a command in a terminal, as a user does, who may press Ctrl-C."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

CTRL_C = b"\x03"
LINES, COLUMNS = 30, 100
PATIENCE = 300
"""Seconds that a command may take on a busy machine."""

# A session of its own, whose terminal is the one that the command writes to.
START = (
    "import fcntl, os, sys, termios; os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "os.execv(sys.argv[1], sys.argv[1:])"
)


@dataclass(frozen=True)
class Shown:
    """How a command ended, all that it sent to the terminal, and whether that is set as it was before."""

    status: int
    text: str
    is_in_order: bool

    @property
    def lines(self) -> list[str]:
        """The text without control sequences."""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.text).replace("\r", "").splitlines()


def in_terminal(
    command: Sequence[str | Path], folder: Path, ctrl_c_when: Callable[[], object] = lambda: False, times: int = 1
) -> Shown:
    """Run a command in a terminal; once a condition holds, press Ctrl-C, so many times one after the other."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    before = termios.tcgetattr(slave)
    process = subprocess.Popen(
        [sys.executable, "-c", START, *map(str, command)],
        cwd=folder,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={**os.environ, "TERM": "xterm-256color", "OMP_NUM_THREADS": "1"},
    )
    text, pressed, deadline = b"", 0, time.monotonic() + PATIENCE
    try:
        while process.poll() is None or _has_more(master):
            if _has_more(master):
                text += os.read(master, 1 << 16)
            if pressed < times and (pressed or ctrl_c_when()):
                pressed += os.write(master, CTRL_C)
                time.sleep(0.2)
            if time.monotonic() > deadline:
                raise TimeoutError(f"{command} did not end: {text[-1000:]!r}")
        return Shown(process.returncode, text.decode(), termios.tcgetattr(slave) == before)
    finally:
        process.kill()
        process.wait()
        os.close(master)
        os.close(slave)


def _has_more(terminal: int) -> bool:
    return bool(select.select([terminal], [], [], 0.05)[0])
