"""Keep to the time of a file's container: silence where it has no audio, so that all that follows is in its place.

Time is counted from the start of the container, that is of the first of its streams, as players and ffmpeg count it.
An mpeg-ts file may begin at 1.4 s and a recorded broadcast at ten hours: that is no silence. But audio that begins
after its video does so here, too.

A gap is a jump of the time stamps from one frame to the next. Nothing is stretched or left out: where clocks drift
apart by little in each frame, where a time stamp is a little early or late, and where time goes back, as between songs
that were joined to one file, samples follow on each other. A signal without gaps is the decoder's, to the bit. Formats
that are not `TIMED`, such as wav, flac, mp3 and ogg, have no gaps.
"""

import math
from collections import deque
from collections.abc import Iterator

import numpy as np
from pydantic import BaseModel

from stemsteer.sound.audio import BLOCK, Signal
from stemsteer.sound.formats import is_timed
from stemsteer.sound.messages import Lead
from stemsteer.sound.probing import Header

STEP_S = 0.01
"""Changes of the lead that ffmpeg prints, s. Matroska rounds time stamps to 1 ms."""

LEADS = f"if(gt(abs(PTS-N-ld(0)),{STEP_S}*SR)+eq(N,0),print(N,24);print(PTS-N,24);st(0,PTS-N));N/SR/TB"
"""An expression for ffmpeg's filter asetpts. It prints (as a warning, 24) the position and the lead of the first frame,
and of each frame whose lead is not the last one printed, see `Lead`. Then it lets frames follow on each other: ffmpeg
would complain of time stamps that go back, as they do in chained ogg files."""

JUMP_S = 0.015
"""A smaller change of the lead is the drift of a clock, which comes in steps of little more than `STEP_S`."""

GAP_S = 0.05
"""What is shorter is no gap: recorders stamp frames up to some 20 ms early or late. ffmpeg's aresample takes 0.1 s."""

LONGEST_S = 3600.0
"""All silence that a file may ask for. More is a mistake in its time stamps, as is what ends after the container."""

ROUNDING_S = 1.0
"""By which the length of a container may be wrong."""


class Silence(BaseModel):
    """Silence that was put in: where in the signal that it is in, and how long, s."""

    start_s: float
    duration_s: float


class Timeline:
    """Puts silence into the signal of a decoder.

    Args:
        header: of the file.
        rate: of the signal, Hz.
        channels: of the signal.

    Attributes:
        silences: that were put in so far.
        span: samples from the first one to the last one so far, with all gaps between them.
    """

    def __init__(self, header: Header, rate: int, channels: int) -> None:
        self.path, self.rate, self.channels = header.path, rate, channels
        self.silences: list[Silence] = []
        self.span = 0
        self._late, self._shortest = round(header.late_s * rate), round(GAP_S * rate)
        self._is_timed = is_timed(header.container)
        self._lead: int | None = None
        self._jumps = 0
        self._is_followed = True
        self._gaps: deque[tuple[int, int]] = deque()
        self._longest = round(LONGEST_S * rate)
        self._end = math.inf if header.container_s is None else (header.container_s + ROUNDING_S) * rate
        self._read = self._silent = self._left_open = 0

    def follow(self, lead: Lead) -> None:
        """Take the next lead that ffmpeg printed."""
        if self._lead is None:
            self._lead = lead.samples
            if self._late >= self._shortest:
                # For mpeg-ts, ffmpeg's leads count from the start of the stream.
                self._gaps.append((0, max(lead.samples, self._late)))
            return
        # ffmpeg counts anew where rate or channels change.
        self._is_followed = self._is_followed and lead.position > 0
        if not (self._is_followed and self._is_timed):
            return
        step, self._lead = lead.samples - self._lead, lead.samples
        if abs(step) >= JUMP_S * self.rate:
            self._jumps += step
        if abs(self._jumps) >= self._shortest:
            if self._jumps > 0:
                self._gaps.append((lead.position, self._jumps))
            self._jumps = 0

    def filled(self, block: Signal) -> Iterator[Signal]:
        """The next block of the decoder with silence in its gaps. The leads of all its frames were taken before."""
        while self._gaps and self._gaps[0][0] < self._read + len(block):
            position, samples = self._gaps.popleft()
            before, block = np.split(block, [position - self._read])
            yield from self._passed(before)
            if position:
                self.span += samples
            if self._silent + samples > min(self._longest, self._end - self._read):
                self._left_open += samples
                continue
            start_s = (self._read + self._silent) / self.rate
            self.silences.append(Silence(start_s=start_s, duration_s=samples / self.rate))
            self._silent += samples
            for start in range(0, samples, BLOCK):
                yield np.zeros((min(BLOCK, samples - start), self.channels), np.float32)
        yield from self._passed(block)

    def _passed(self, block: Signal) -> Iterator[Signal]:
        self._read += len(block)
        self.span += len(block)
        if len(block):
            yield block

    @property
    def warnings(self) -> list[str]:
        """What the user should know of the time stamps so far."""
        found = []
        if self.silences:
            first = self.silences[0]
            where = f"from {first.start_s:.3f} s to {first.start_s + first.duration_s:.3f} s"
            number, total = len(self.silences), self._silent / self.rate
            gaps = f"no audio {where}" if number == 1 else f"no audio in {number} places, the first {where}"
            found.append(f"by its time stamps {self.path!r} has {gaps}: {total:.3f} s of silence are put in")
        if self._left_open:
            seconds = self._left_open / self.rate
            found.append(f"the time stamps of {self.path!r} leave {seconds:.3f} s without audio, too much to be put in")
        if not self._is_followed:
            found.append(
                f"{self.path!r} changes its sample rate or its channels: all of it is brought to those of its start, "
                "and gaps in its time are not looked for after that"
            )
        return found
