"""Find out whether the end of a decoded audio file is missing, as far as its format allows.

A file is truncated if

- wav: its data chunk reaches beyond the end of the file (unless its length is a placeholder, as in streamed files);
- ogg and opus: its last page is incomplete;
- mp4 and m4a: data that its index points to is missing (without an index such a file cannot be read at all);
- matroska and webm: an element is incomplete;
- all of these and others, such as flac and mp3: it has fewer samples than its header declares; for a lossy codec,
  fewer by at least `LOSSY_TOLERANCE`.

A missing end cannot be found in mp3 files without a Xing or Info header, in raw AAC, in ogg files that end between two
pages, and in other streams whose header declares no length. It is not looked for in avi, w64, caf, mpeg-ts and wma
files: there ffmpeg may warn of it, or say nothing.
"""

import re
import struct
from typing import BinaryIO

from stemsteer.sound.probing import Header

LOSSLESS = re.compile(r"pcm_|flac$|alac$|wavpack$|tta$|ape$")
LOSSY_TOLERANCE = 2880
"""Samples (two and a half MPEG frames) of priming and padding: ffmpeg may count them in the length but not decode them.

Complete files had up to 1,980 samples too few (mp3, ffmpeg 5.1), 1,408 (wma), 312 (opus).
"""

MISSING = re.compile(r"partial file|ended prematurely")
ESTIMATED = "Estimating duration"
"""ffmpeg says this where the header declares no length and it computes one from the size of the file."""

RIFF_PLACEHOLDER = 0x7FFF_F000
"""Programs that do not know the length (ffmpeg, sox or arecord in a pipe) write data lengths of at least this."""

OGG_PAGE_BYTES = 65_307


def is_truncated(header: Header, rate: int, samples: int, messages: str) -> bool:
    """Whether the end of a decoded file is missing.

    Args:
        rate: of the decoded signal, Hz.
        samples: the number of decoded samples.
        messages: all messages of ffmpeg while it decoded the file.
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
    """Whether the data chunk of a RIFF or RF64 file reaches beyond the end of the file."""
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
