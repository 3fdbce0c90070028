"""Whether a file bears out that it is whole although its header declares more samples than it has."""

import subprocess
from typing import BinaryIO

from stemsteer.sound.ffmpeg import bounds, url
from stemsteer.sound.probing import Header

FIRST_FRAME_BYTES = 4096
"""In which the header of an mp3 file lies, behind its ID3 tags."""

NAMES = (b"Xing", b"Info", b"VBRI")
"""Of the headers that have the number of bytes."""

NAME_PLACE = 36
"""Bytes from the start of the first frame to the name, at most."""

MD5_PLACE = 26
"""Bytes from the start of a flac file to the MD5 of its samples."""

MD5_CODECS = {8: "pcm_s8", 16: "pcm_s16le", 24: "pcm_s24le", 32: "pcm_s32le"}
"""The samples that it is the MD5 of, by their bits."""


def is_complete(header: Header) -> bool:
    """Whether an mp3 or avi file has all bytes that it should have, or the samples of a flac file have their MD5."""
    with open(header.path, "rb") as file:
        start = _behind_tags(file)
        if header.container == "mp3":
            return _has_its_bytes(file, start)
        if header.container == "avi":
            return _has_its_forms(file)
        if header.container == "flac" and header.bit_depth in MD5_CODECS:
            return _has_its_md5(file, start, header)
    return False


def _behind_tags(file: BinaryIO) -> int:
    """The place behind all ID3v2 tags at the start of a file."""
    start = 0
    while True:
        file.seek(start)
        tag = file.read(10)
        if len(tag) < 10 or not tag.startswith(b"ID3"):
            return start
        footer = 10 if tag[5] & 0x10 else 0
        start += 10 + sum((byte & 0x7F) << 7 * place for place, byte in enumerate(reversed(tag[6:]))) + footer


def _has_its_bytes(file: BinaryIO, start: int) -> bool:
    file.seek(start)
    frame = file.read(FIRST_FRAME_BYTES)
    name, at = next(((name, at) for name in NAMES if (at := frame.find(name)) >= 0), (b"", 0))
    if name == b"VBRI":
        place = at + 10
    else:
        has_frames, has_bytes = _number(frame, at + 4) & 1, _number(frame, at + 4) & 2
        if not name or not has_bytes:
            return False
        place = at + (12 if has_frames else 8)
    return 0 < _number(frame, place) <= file.seek(0, 2) - (start + at) + NAME_PLACE


def _number(data: bytes, place: int) -> int:
    return int.from_bytes(data[place : place + 4], "big")


def _has_its_forms(file: BinaryIO) -> bool:
    size, end = file.seek(0, 2), 0
    while end < size:
        file.seek(end)
        head = file.read(8)
        if not head.startswith(b"RIFF"):
            return end > 0
        end += 8 + int.from_bytes(head[4:], "little")
    return end == size


def _has_its_md5(file: BinaryIO, start: int, header: Header) -> bool:
    file.seek(start + MD5_PLACE)
    wanted = file.read(16)
    if not any(wanted):
        return False
    decoder = ["ffmpeg", "-nostdin", "-v", "quiet", *bounds(), "-i", url(header.path), "-map", "0:a:0"]
    samples = ["-c:a", MD5_CODECS[header.bit_depth or 0], "-f", "md5", "-"]
    found = subprocess.run([*decoder, *samples], stdin=subprocess.DEVNULL, capture_output=True).stdout
    return found.strip() == b"MD5=" + wanted.hex().encode()
