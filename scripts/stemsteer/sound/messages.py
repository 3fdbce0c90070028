"""What ffmpeg says while it decodes a file, read as it says it, so that no amount of it fills memory or disk."""

import re
from collections import deque
from dataclasses import dataclass

from stemsteer.sound.ffmpeg import message

MISSING = re.compile(r"partial file|ended prematurely")
"""ffmpeg says this where a file ends too early."""

ESTIMATED = "Estimating duration"
"""ffmpeg says this where the header declares no length and it computes one from the size of the file."""

STOPPED = "Error during demuxing"
"""ffmpeg 6 and newer say this where they read no further; older ones name the file in an error."""

OUTSIDE = "Skipped opening external track"
"""ffmpeg says this where a mov or mp4 file has its audio in another file."""

OURS = "non monotonically increasing dts"
"""ffmpeg says this of frames that it counts anew, where rate or channels change. AU has no time stamps."""

NUMBER = re.compile(r"(?:\[Eval @ \w+\] )?\[warning\] (-?\d+\.\d+)")
"""How ffmpeg prints numbers out of an expression."""

LONGEST_LINE = 4096


@dataclass(frozen=True)
class Lead:
    """How much later a frame belongs by its time stamp than it follows on the frames before it.

    Attributes:
        position: the number of samples before it.
        samples: by which its time stamp is ahead of them, counted from the start of the container.
    """

    position: int
    samples: int


class Messages:
    """The messages so far.

    Attributes:
        errors: how many of them are errors.
        first_error, last_error: sentences of ffmpeg's, None where there are none.
        is_cut: whether the end of the file is missing.
        is_estimated: whether the header declares no length.
        has_stopped: whether ffmpeg read no further than to an error.
        is_outside: whether the audio lies in another file.
        leads: of frames, those that have not been taken yet.
    """

    def __init__(self, address: str) -> None:
        self.errors = 0
        self.first_error: str | None = None
        self.last_error: str | None = None
        self.is_cut = self.is_estimated = self.has_stopped = self.is_outside = False
        self.leads: deque[Lead] = deque()
        self._address = address
        self._rest = b""
        self._position: int | None = None

    def feed(self, text: bytes) -> None:
        """Take the next bytes that ffmpeg wrote."""
        *lines, self._rest = (self._rest + text).split(b"\n")
        self._rest = self._rest[:LONGEST_LINE]
        for line in lines:
            self._take(line[:LONGEST_LINE].decode(errors="replace"))

    def _take(self, line: str) -> None:
        if number := NUMBER.fullmatch(line):
            self._take_number(round(float(number[1])))
            return
        self.is_cut |= bool(MISSING.search(line))
        self.is_estimated |= ESTIMATED in line
        self.is_outside |= OUTSIDE in line
        if ("[error]" in line or "[fatal]" in line) and OURS not in line:
            self.has_stopped |= STOPPED in line or self._address in line
            self.errors += 1
            self.last_error = message(line.replace(self._address, "the file"))
            self.first_error = self.first_error or self.last_error

    def _take_number(self, number: int) -> None:
        if self._position is None:
            self._position = number
            return
        self.leads.append(Lead(self._position, number))
        self._position = None
