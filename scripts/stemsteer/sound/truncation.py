"""Whether the end of a decoded audio file is missing, as far as its format lets one know.

- wav: the data chunk ends behind the file's end (unless its length is a placeholder, as in streamed files);
- ogg and opus: the last page is incomplete;
- mp4 and m4a: the data that the index points to is missing (without an index they cannot be read at all);
- matroska and webm: an element is incomplete;
- all of these and others, flac and mp3 among them: fewer samples come out than the header declares, or, of a lossy
  codec, fewer by `LOSSY_TOLERANCE`.

It cannot be known of mp3 files without a Xing or Info header, of raw AAC, of ogg files cut between two pages, and of
other streams whose header declares no length. Nor is it looked for in avi, w64, caf, mpeg-ts and wma files: ffmpeg may
warn of their end, or pass it over in silence.
"""

import re
import struct
from typing import BinaryIO

from stemsteer.sound.probing import Header

LOSSLESS = re.compile(r"pcm_|flac$|alac$|wavpack$|tta$|ape$")
LOSSY_TOLERANCE = 2880
"""Samples, two and a half MPEG frames: priming and padding, which ffmpeg may count in the length and yet take off.

Whole files fell short by up to 1,980 samples (mp3, ffmpeg 5.1), 1,408 (wma), 312 (opus).
"""

MISSING = re.compile(r"partial file|ended prematurely")
ESTIMATED = "Estimating duration"
"""ffmpeg says so where the header declares no length, and derives it from the file's size."""

RIFF_PLACEHOLDER = 0x7FFF_F000
"""Data lengths from here on are written by programs that cannot know the length (ffmpeg, sox, arecord in a pipe)."""

OGG_PAGE_BYTES = 65_307


def is_truncated(header: Header, rate: int, samples: int, messages: str) -> bool:
    """Judge a file that was decoded to its end.

    Args:
        rate: of the decoded signal, Hz.
        samples: how many the decoder gave.
        messages: all that ffmpeg said meanwhile.
    """
    if MISSING.search(messages) or (ESTIMATED not in messages and _falls_short(header, rate, samples)):
        return True
    with open(header.path, "rb") as file:
        return (header.container == "wav" and _is_wav_cut_off(file)) or (
            header.container == "ogg" and _is_ogg_cut_off(file)
        )


def _falls_short(header: Header, rate: int, samples: int) -> bool:
    if header.declared_s is None:
        return False
    tolerance = header.tick_s * rate if LOSSLESS.match(header.codec) else LOSSY_TOLERANCE
    return round(header.declared_s * rate) - samples >= max(1, tolerance)


def _is_wav_cut_off(file: BinaryIO) -> bool:
    """Whether the data chunk of a RIFF or RF64 file ends behind the file's end."""
    size = file.seek(0, 2)
    file.seek(12)
    long_length = 0
    while len(head := file.read(8)) == 8:
        name, length = struct.unpack("<4sI", head)
        if name == b"data":
            length = long_length or (length if length < RIFF_PLACEHOLDER else 0)
            return file.tell() + length > size
        following = file.tell() + length + length % 2
        if name == b"ds64":
            _, long_length = struct.unpack("<QQ", file.read(16))
        file.seek(following)
    return False


def _is_ogg_cut_off(file: BinaryIO) -> bool:
    """Whether the last page of an Ogg file is incomplete (RFC 3533, section 6)."""
    file.seek(max(0, file.seek(0, 2) - OGG_PAGE_BYTES))
    tail = file.read()
    page = tail[max(0, tail.rfind(b"OggS\0")) :]
    if len(page) < 27:
        return True
    lengths = page[27 : 27 + page[26]]
    return len(lengths) < page[26] or len(page) < 27 + page[26] + sum(lengths)
