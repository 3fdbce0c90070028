"""Where the samples of a file lie (wav, RF64, Wave64, AIFF, CAF, AU), whatever its header says of their length.

A recorder writes the length last: after a crash it is 0 or an old one, and where it has 32 bits it wraps at 4 GiB. So
a header is believed only where what follows the samples bears it out: nothing, other chunks, tags, or zeros. Anything
else is audio too. A length that reaches beyond the file is believed, so that the file lacks its end, unless the form
around all chunks ends within the file, or it is the size of the file and the form does not end as late.
"""

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from stemsteer.errors import UserError
from stemsteer.sound.ffmpeg import url

STREAMED = 0x7FFF_F000
"""Programs that do not know a length (ffmpeg, sox or arecord in a pipe) write this or more, or -1."""

WRAP = 1 << 32
MOST_CHUNKS = 10_000
ZEROS_AT_ONCE = 1 << 20

TAGS = (b"TAG", b"ID3", b"APETAGEX")
"""How the tags begin that programs append to any file."""

OTHER_CHUNKS = frozenset(b"LIST id3 ID3 bext iXML cue smpl inst fact PEAK JUNK PAD FLLR acid axml cart COMM".split())
"""These hold no samples, also where their own end is missing."""

SHORT, LONG = struct.Struct("<I"), struct.Struct("<q")
SHORT_BIG_ENDIAN, LONG_BIG_ENDIAN = struct.Struct(">I"), struct.Struct(">q")


@dataclass(frozen=True)
class Number:
    """A length in a header: where and how it is written."""

    place: int
    form: struct.Struct

    def read(self, file: BinaryIO) -> int:
        """The length.

        Raises:
            struct.error: the file ends before it.
        """
        file.seek(self.place)
        return int(self.form.unpack(file.read(self.form.size))[0])

    def written(self, length: int) -> bytes:
        """A length as it is written; one that is too large for 32 bits as one that is not known."""
        return self.form.pack(min(length, WRAP - 1) if self.form.size == SHORT.size else length)


@dataclass(frozen=True)
class Layout:
    """How a format writes its chunks; places and lengths in bytes.

    Attributes:
        first: the place of the first chunk.
        samples: the name of the chunk with the samples.
        length: of a chunk, how it is written behind its name.
        form: the length of all chunks, if there is one.
        form_at: what lies before the bytes that it counts.
        before: what lies in the chunk of the samples before them.
        counted: what the length of a chunk counts of its own name and length.
        alignment: of chunks.
        long_length: of the samples, where the one behind the name is too short for it.
    """

    first: int
    samples: bytes
    length: struct.Struct
    form: Number | None = None
    form_at: int = 8
    before: int = 0
    counted: int = 0
    alignment: int = 2
    long_length: Number | None = None

    @property
    def head(self) -> int:
        """The bytes of a chunk's name and length."""
        return len(self.samples) + self.length.size


WAV = Layout(12, b"data", SHORT, Number(4, SHORT))
BIG_ENDIAN_WAV = Layout(12, b"data", SHORT_BIG_ENDIAN, Number(4, SHORT_BIG_ENDIAN))
RF64 = Layout(12, b"data", SHORT, Number(20, LONG), long_length=Number(28, LONG))
AIFF = Layout(12, b"SSND", SHORT_BIG_ENDIAN, Number(4, SHORT_BIG_ENDIAN), before=8)
CAF = Layout(8, b"data", LONG_BIG_ENDIAN, before=4, alignment=1)
AU = Layout(0, b".snd", SHORT_BIG_ENDIAN)
"""The whole file is as one chunk, whose length is that of its head."""

W64_END = b"\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a"
W64_RIFF = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00"
W64 = Layout(40, b"data" + W64_END, LONG, Number(16, LONG), form_at=0, counted=24, alignment=8)

LAYOUTS = {
    (b"RIFF", b"WAVE"): WAV,
    (b"RIFX", b"WAVE"): BIG_ENDIAN_WAV,
    (b"RF64", b"WAVE"): RF64,
    (b"BW64", b"WAVE"): RF64,
    (b"FORM", b"AIFF"): AIFF,
    (b"FORM", b"AIFC"): AIFF,
}
WITHOUT_FORM = {b"caff": CAF, b".snd": AU}


@dataclass(frozen=True)
class Extent:
    """Where the samples of a file lie, in bytes.

    Attributes:
        start: the place of the first one.
        end: the end of the last one.
        claimed: how long they are by the header; None where it leaves that open.
        missing: whether the end of what the file promises is missing.
        length: where their length stands.
        right: what should stand there.
    """

    start: int
    end: int
    claimed: int | None
    missing: bool
    length: Number
    right: bytes

    @property
    def differs(self) -> bool:
        """Whether header and content disagree although nothing is missing."""
        return self.claimed is not None and not self.missing and self.start + self.claimed != self.end

    @property
    def is_readable(self) -> bool:
        """Whether ffmpeg reads the file as it is. An open length of 64 bits is a negative one to it, except in CAF."""
        return not self.differs and (self.claimed is not None or self.length.form is not LONG)


def extent_of(path: str) -> Extent | None:
    """Find the samples of a file.

    Returns:
        None if its format has no chunks, or it is too broken to find them.
    """
    with open(path, "rb") as file:
        beginning = file.read(16)
        if beginning == W64_RIFF:
            layout: Layout | None = W64
        else:
            layout = WITHOUT_FORM.get(beginning[:4]) or LAYOUTS.get((beginning[:4], beginning[8:12]))
        try:
            return None if layout is None else _Chunks(file, layout).extent()
        except struct.error:
            return None


@contextmanager
def mended(path: str, extent: Extent | None) -> Iterator[str]:
    """A URL that ffmpeg reads as the file with the right length of its samples, as long as the block lasts.

    Raises:
        UserError: the name of the file cannot be part of such a URL.
    """
    if extent is None or extent.is_readable:
        yield url(path)
        return
    if "|" in url(path):
        raise UserError(f"{path!r} has a | in its path and a wrong length in its header; rename it")
    place = extent.length.place
    with TemporaryDirectory(prefix="stemsteer-") as folder:
        length = Path(folder) / "length"
        length.write_bytes(extent.right)
        parts = (_part(path, 0, place), url(length), _part(path, place + len(extent.right), extent.end))
        yield f"concat:{'|'.join(parts)}"


def _part(path: str, start: int, end: int) -> str:
    return f"subfile,,start,{start},end,{end},,:{url(path)}"


class _Chunks:
    """The chunks of an open file."""

    def __init__(self, file: BinaryIO, layout: Layout) -> None:
        self.file, self.layout = file, layout
        self.size = os.fstat(file.fileno()).st_size

    def extent(self) -> Extent | None:
        layout, place = self.layout, self._find_samples()
        if place is None:
            return None
        behind_name = Number(place + len(layout.samples), layout.length)
        if layout is AU:
            start, number = behind_name.read(self.file), Number(behind_name.place + SHORT.size, layout.length)
        else:
            start, number = place + layout.head + layout.before, layout.long_length or behind_name
        uncounted = layout.before + layout.counted
        length = number.read(self.file)
        claimed = None if self._is_open(start, length, number.form) else max(0, length - uncounted)
        reaches_on = claimed is None or start + claimed > self.size
        end = self.size if claimed is None or reaches_on else self._end(start, claimed)
        missing = claimed is not None and reaches_on and not self._is_whole(length, start + claimed)
        return Extent(start, end, claimed, missing, number, number.written(end - start + uncounted))

    def _find_samples(self) -> int | None:
        """The place of the chunk with the samples."""
        position = self.layout.first
        for _ in range(MOST_CHUNKS):
            name, following = self._chunk(position)
            if name == self.layout.samples:
                return position
            if not position < following <= self.size:
                return None
            position = following
        return None

    def _chunk(self, position: int) -> tuple[bytes, int]:
        """The name of the chunk at a place, and the place of the next one."""
        name_bytes = len(self.layout.samples)
        self.file.seek(position)
        name = self.file.read(name_bytes)
        length = Number(position + name_bytes, self.layout.length).read(self.file)
        return name, self._aligned(position + self.layout.head + length - self.layout.counted)

    def _aligned(self, position: int) -> int:
        return -(-position // self.layout.alignment) * self.layout.alignment

    def _is_open(self, start: int, length: int, form: struct.Struct) -> bool:
        """Whether a length only says that it is not known."""
        return length == -1 or (form.size == SHORT.size and length >= STREAMED and start + length > self.size)

    def _is_whole(self, length: int, claimed_end: int) -> bool:
        """Whether nothing is missing although this length of the samples reaches beyond the end of the file."""
        form_end = self._form_end()
        if self.layout.first < form_end <= self.size:
            return True
        return length in (self.size, self.size - self.layout.form_at) and form_end < claimed_end

    def _form_end(self) -> int:
        """Where all chunks end by the header; 0 where it leaves that open."""
        if self.layout.form is None:
            return 0
        length = self.layout.form.read(self.file)
        return 0 if self._is_open(self.layout.form_at, length, self.layout.form.form) else self.layout.form_at + length

    def _end(self, start: int, claimed: int) -> int:
        """The end of the samples, which the file has at least as many of as its header says."""
        candidates = [start + claimed]
        if self.layout.length.size == SHORT.size:
            candidates = list(range(start + claimed, self.size + 1, WRAP))
        return next((end for end in candidates if self._is_no_audio(end)), self.size)

    def _is_no_audio(self, position: int) -> bool:
        """Whether all that follows a place is something else than samples."""
        return self._are_chunks(self._aligned(position)) or self._are_chunks(position) or self._are_zeros(position)

    def _are_chunks(self, position: int) -> bool:
        """Whether chunks follow that end with the file, or a chunk or tag that is known."""
        for _ in range(MOST_CHUNKS):
            if self.size - position < self.layout.head:
                return True
            name, following = self._chunk(position)
            self.file.seek(position)
            if name.strip() in OTHER_CHUNKS or self.file.read(8).startswith(TAGS):
                return True
            is_named = name[:4].isascii() and name[:4].decode("ascii", "replace").isprintable()
            if not is_named or following <= position or following > self._aligned(self.size):
                return False
            position = following
        return False

    def _are_zeros(self, position: int) -> bool:
        self.file.seek(position)
        return not any(block.strip(b"\0") for block in iter(lambda: self.file.read(ZEROS_AT_ONCE), b""))
