"""Run ffmpeg's decoder, and read its output block by block."""

import struct
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import ffmpeg
import numpy as np

from stemsteer.errors import UserError
from stemsteer.sound.audio import BLOCK, Signal
from stemsteer.sound.ffmpeg import ONLY_FILES, message, put_on_path, url
from stemsteer.sound.probing import Header
from stemsteer.sound.truncation import is_truncated

AU_HEADER = struct.Struct(">4s5I")
"""The header of an AU file: magic, start of the data, size of the data, encoding, rate, channels."""


@contextmanager
def decoding(header: Header) -> Iterator["Decoding"]:
    """Run ffmpeg on the first audio stream of a file; it is stopped when the block ends."""
    put_on_path()
    # AU is the simplest format with a rate and channels in its header: these are the decoder's own, which may differ
    # from those of the file's header.
    command = (
        ffmpeg.input(url(header.path), **ONLY_FILES)["a:0"]
        .output("pipe:1", format="au", acodec="pcm_f32be")
        .global_args("-nostdin", "-v", "level+warning")
        .compile()
    )
    with tempfile.TemporaryFile() as messages:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=messages)
        try:
            yield Decoding(header, process, messages)
        finally:
            process.kill()
            process.communicate()


class Decoding:
    """A running decoder.

    Attributes:
        header: of the file.
        sample_rate: of the decoded signal, Hz.
        channels: of the decoded signal.
        samples: the number of samples given so far.
        warnings: sentences for the user, complete after the last block.
    """

    def __init__(self, header: Header, process: subprocess.Popen[bytes], messages: IO[bytes]) -> None:
        self.sample_rate, self.channels = header.sample_rate, header.channels
        self.samples = 0
        self.warnings: list[str] = []
        self.header, self._process, self._messages = header, process, messages
        assert process.stdout is not None
        self._pipe = process.stdout
        start = self._pipe.read(AU_HEADER.size)
        if len(start) < AU_HEADER.size:
            self._check_end()
        _, data_start, _, _, self.sample_rate, self.channels = AU_HEADER.unpack(start)
        self._pipe.read(data_start - AU_HEADER.size)

    def blocks(self) -> Iterator[Signal]:
        """The signal `[samples, channels]`, block by block.

        Raises:
            UserError: after the last block, if the file is truncated or holds no samples.
        """
        frame = 4 * self.channels
        while data := self._pipe.read(BLOCK * frame):
            whole = data[: len(data) // frame * frame]
            self.samples += len(whole) // frame
            yield np.frombuffer(whole, ">f4").reshape(-1, self.channels).astype(np.float32)
        self._check_end()

    def _check_end(self) -> None:
        status = self._process.wait()
        self._messages.seek(0)
        messages = self._messages.read().decode(errors="replace")
        path, seconds = self.header.path, f"{self.samples / max(1, self.sample_rate):.3f} s"
        if is_truncated(self.header, self.sample_rate, self.samples, messages):
            raise UserError(
                f"{path!r} is truncated: only {seconds} of it can be decoded; "
                "replace it by the whole file, or use an excerpt that ends before"
            )
        if not self.samples:
            raise UserError(f"{path!r} holds no audio samples; replace it by a file with audio")
        errors = [message(line) for line in messages.splitlines() if "[error]" in line or "[fatal]" in line]
        if status:
            raise UserError(f"{path!r} is broken after {seconds} ({(errors or ['no reason given'])[-1]}); replace it")
        if errors:
            self.warnings.append(
                f"{path!r} has defects that ffmpeg passed over, the first of {len(errors)}: {errors[0]}"
            )
