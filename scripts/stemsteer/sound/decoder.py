"""Run ffmpeg's decoder, and read its output block by block."""

import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

import numpy as np

from stemsteer.errors import UserError
from stemsteer.sound.audio import BLOCK, Signal
from stemsteer.sound.extents import mended
from stemsteer.sound.ffmpeg import bounds, put_on_path
from stemsteer.sound.messages import Messages
from stemsteer.sound.probing import Header, check_form, disagreement
from stemsteer.sound.timeline import LEADS, Silence, Timeline
from stemsteer.sound.truncation import is_truncated, surplus
from stemsteer.sound.watch import Watch, watching

AU_HEADER = struct.Struct(">4s5I")
"""The header of an AU file: magic, start of the data, size of the data, encoding, rate, channels."""


@contextmanager
def decoding(header: Header) -> Iterator["Decoding"]:
    """Run ffmpeg on an audio stream of a file; it is stopped when the block ends."""
    put_on_path()
    with mended(header.path, header.extent) as address, TemporaryDirectory(prefix="stemsteer-") as folder:
        log = Path(folder) / "messages"
        with log.open("wb") as messages:
            command = _command(address, header.stream)
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=messages)
        try:
            with log.open("rb") as told, watching(process, log) as watch:
                yield Decoding(header, process, told, Messages(address), watch)
        finally:
            process.kill()
            process.communicate()


def _command(address: str, stream: int) -> list[str]:
    # AU is the simplest format with a rate and channels in its header: these are the decoder's own, which may differ
    # from those of the file's header. Without tags, because these would go there too.
    out = ["-map_metadata", "-1", "-c:a", "pcm_f32be", "-f", "au", "pipe:1"]
    timed = ["-af", f"asetpts='{LEADS}'"]
    chosen = ["-i", address, "-map", f"0:a:{stream - 1}"]
    return ["ffmpeg", "-nostdin", "-v", "repeat+level+warning", *bounds(), *chosen, *timed, *out]


class Decoding:
    """A running decoder.

    Attributes:
        header: of the file.
        sample_rate: of the decoded signal, Hz.
        channels: of the decoded signal.
        samples: the number of samples given so far, silence that was put in included.
    """

    def __init__(
        self, header: Header, process: "subprocess.Popen[bytes]", told: BinaryIO, messages: Messages, watch: Watch
    ) -> None:
        self.header, self.sample_rate, self.channels = header, header.sample_rate, header.channels
        self.samples = 0
        self._process, self._told, self._messages, self._watch = process, told, messages, watch
        self._last_warnings: list[str] = []
        self._timeline = Timeline(header, self.sample_rate, self.channels)
        start = self._read(AU_HEADER.size)
        if len(start) < AU_HEADER.size:
            self._check_end()
        _, data_start, _, _, self.sample_rate, self.channels = AU_HEADER.unpack(start)
        check_form(header.path, self.sample_rate, self.channels)
        self._timeline = Timeline(header, self.sample_rate, self.channels)
        self._read(data_start - AU_HEADER.size)

    @property
    def silences(self) -> list[Silence]:
        """Silence that was put in so far, because the file has no audio there."""
        return self._timeline.silences

    @property
    def warnings(self) -> list[str]:
        """Sentences for the user; complete after the last block."""
        return [*self.header.warnings, *self._timeline.warnings, *self._last_warnings]

    def blocks(self) -> Iterator[Signal]:
        """The signal `[samples, channels]`, block by block, with silence where the file has no audio.

        Raises:
            UserError: after the last block, if the file is truncated, or broken, or holds no samples.
        """
        frame = 4 * self.channels
        while data := self._read(BLOCK * frame):
            whole = data[: len(data) // frame * frame]
            # ffmpeg tells of a frame before it gives it.
            self._listen()
            block = np.frombuffer(whole, ">f4").reshape(-1, self.channels).astype(np.float32)
            for piece in self._timeline.filled(block):
                self.samples += len(piece)
                yield piece
        self._check_end()

    def _read(self, size: int) -> bytes:
        """So many bytes, or less at the end."""
        assert self._process.stdout is not None
        with self._watch.waiting():
            return self._process.stdout.read(size)

    def _listen(self) -> None:
        self._messages.feed(self._told.read())
        while self._messages.leads:
            self._timeline.follow(self._messages.leads.popleft())

    def _check_end(self) -> None:
        """Say what is wrong with the file, after the last block."""
        status, path = self._process.wait(), self.header.path
        self._listen()
        messages, seconds = self._messages, f"{self.samples / max(1, self.sample_rate):.3f} s"
        if self._watch.verdict:
            raise UserError(f"{path!r} is broken after {seconds} ({self._watch.verdict}); replace it")
        if messages.is_outside and not self.samples:
            raise UserError(f"{path!r} has its audio in another file; give that file")
        spare_s = surplus(self.header, self.sample_rate, self._timeline.span, messages)
        if is_truncated(self.header, spare_s, messages):
            raise UserError(
                f"{path!r} is truncated: only {seconds} of it can be decoded; "
                "replace it by the whole file, or use an excerpt that ends before"
            )
        if not self.samples:
            raise UserError(f"{path!r} holds no audio samples; replace it by a file with audio")
        if status or (messages.has_stopped and not self._reaches_its_end):
            reason = messages.last_error or "no reason given"
            raise UserError(f"{path!r} is broken after {seconds} ({reason}); replace it")
        if spare_s:
            declared = self.header.declared_s or 0.0
            self._last_warnings.append(disagreement(path, declared, declared + spare_s, "s"))
        if messages.errors:
            self._last_warnings.append(
                f"{path!r} has defects that ffmpeg passed over, the first of {messages.errors}: {messages.first_error}"
            )

    @property
    def _reaches_its_end(self) -> bool:
        """Whether a file that is not truncated was read to its end. That of ogg declares its first song only."""
        return self.header.declared_s is not None and self.header.container != "ogg"
