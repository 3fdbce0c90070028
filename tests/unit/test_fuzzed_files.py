"""Whatever bytes a file has, decoding ends in the signal that ffmpeg decodes, or in one sentence.

STEMSTEER_FUZZ=1000 tries so many damaged files of each format, in the place of a few. One that fails is told by the
name of its format and its number, which make the same file again with the same ffmpeg.
"""

import os
import re
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from audio_files import make, music
from stemsteer.errors import UserError
from stemsteer.files import read_json
from stemsteer.sound import audio
from stemsteer.sound.extents import extent_of
from stemsteer.stages.decode import decode_mixture

EXAMPLES = int(os.environ.get("STEMSTEER_FUZZ", "25"))
"""Damaged files of each format."""

KNOWN = {"float.wav": [49], "long.wav": [29], "a.caf": [74], "a.avi": [673]}
"""Numbers of files that once were too much for StemSteer, with the ffmpeg of the wheel."""

LIMIT_S = 30
"""That ffmpeg may take to give something of a file."""

MOST_SECONDS = 30
"""Of the signal. The files are 0.3 s long, and damaged ones may be a few times that, or claim another rate."""

PICTURE = [
    "-f",
    "lavfi",
    "-i",
    "testsrc=size=16x16:rate=10:duration=0.3",
    "-map",
    "1:v",
    "-map",
    "0:a",
    "-c:v",
    "mpeg4",
]
FORMATS = {
    "a.wav": ["-c:a", "pcm_s16le"],
    "float.wav": ["-c:a", "pcm_f32le"],
    "adpcm.wav": ["-c:a", "adpcm_ima_wav"],
    "long.wav": ["-c:a", "pcm_s24le", "-rf64", "always"],
    "a.w64": [],
    "a.aiff": [],
    "a.caf": [],
    "a.au": [],
    "a.flac": [],
    "a.mp3": [],
    "vbr.mp3": ["-q:a", "5", "-metadata", "title=A title", "-metadata", "genre=Jazz"],
    "a.m4a": ["-metadata", "title=A title"],
    "lossless.m4a": ["-c:a", "alac"],
    "fragmented.mp4": ["-movflags", "frag_keyframe+empty_moov"],
    "a.mov": [*PICTURE, "-c:a", "pcm_s16le"],
    "a.ogg": ["-c:a", "vorbis", "-strict", "-2"],
    "a.opus": ["-c:a", "libopus"],
    "a.oga": ["-c:a", "flac"],
    "a.mkv": [*PICTURE, "-c:a", "flac"],
    "a.mka": ["-c:a", "aac"],
    "a.webm": ["-c:a", "libopus"],
    "a.wma": [],
    "a.aac": [],
    "a.ac3": [],
    "a.ts": ["-c:a", "mp2"],
    "a.avi": [*PICTURE, "-c:a", "libmp3lame"],
    "a.wv": [],
    "a.tta": [],
}
NUMBERS = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\1", b"\1\0\0\0")
HUNG = re.compile(r"took more than|makes nothing of it")
HEADER = 400
"""Bytes in which most formats have theirs."""


def change_bytes(content: bytearray, draw: np.random.Generator) -> None:
    end = min(len(content), HEADER) if draw.random() < 0.5 else len(content)
    for place in draw.integers(end, size=draw.integers(1, 20)):
        content[place] = draw.integers(256)


def write_number(content: bytearray, draw: np.random.Generator) -> None:
    place = draw.integers(max(1, min(len(content), HEADER) - 4))
    content[place : place + 4] = NUMBERS[draw.integers(len(NUMBERS))]


def cut_end(content: bytearray, draw: np.random.Generator) -> None:
    del content[draw.integers(1, len(content) + 1) :]


def take_out(content: bytearray, draw: np.random.Generator) -> None:
    start, end = sorted(draw.integers(len(content), size=2))
    del content[start:end]


def repeat(content: bytearray, draw: np.random.Generator) -> None:
    start, end = sorted(draw.integers(len(content), size=2))
    content[start:start] = content[start:end] * int(draw.integers(1, 4))


def clear(content: bytearray, draw: np.random.Generator) -> None:
    start, end = sorted(draw.integers(len(content), size=2))
    content[start:end] = bytes(end - start)


def append(content: bytearray, draw: np.random.Generator) -> None:
    content.extend(draw.bytes(draw.integers(1, 3000)))


DAMAGES: tuple[Callable[[bytearray, np.random.Generator], None], ...] = (
    *(change_bytes, change_bytes, change_bytes, write_number, write_number),
    *(cut_end, take_out, repeat, clear, append),
)


def damaged(content: bytes, name: str, number: int) -> bytes:
    """The file with so many damages that its number decides on."""
    draw = np.random.default_rng([zlib.crc32(name.encode()), number])
    changed = bytearray(content)
    for _ in range(draw.integers(1, 4)):
        DAMAGES[draw.integers(len(DAMAGES))](changed, draw)
        changed = changed or bytearray(1)
    return bytes(changed)


def plain_samples(path: Path) -> audio.Signal:
    """What ffmpeg's command line decodes of a file, whose length in the header is put right before."""
    extent, content = extent_of(str(path)), path.read_bytes()
    if extent and not extent.is_readable:
        place = extent.length.place
        content = content[:place] + extent.right + content[place + len(extent.right) : extent.end]
        path = path.with_name(f"right {path.name}")
        path.write_bytes(content)
    command = [
        "ffmpeg",
        "-nostdin",
        "-v",
        "quiet",
        "-i",
        path,
        "-map",
        "0:a:0",
        "-c:a",
        "pcm_f32le",
        "-f",
        "f32le",
        "-",
    ]
    return np.frombuffer(subprocess.run(command, capture_output=True, timeout=LIMIT_S).stdout, "<f4")


def assert_sound(path: Path, folder: Path) -> str | None:
    """Decode a file; returns the sentence that it is refused with, if it is."""
    outputs = {"mixture_out": folder / "mixture.wav", "mono_out": folder / "mono.wav", "tags_out": folder / "tags.json"}
    try:
        decode_mixture(str(path), 0, None, **outputs, facts_out=folder / "facts.json")
    except UserError as error:
        sentence = str(error)
        assert sentence.startswith(repr(str(path)))
        assert sentence.isprintable()
        assert len(sentence) < 1000
        assert not HUNG.search(sentence)
        assert not (folder / "facts.json").exists()
        return sentence
    facts = read_json(folder / "facts.json")
    mixture, rate = audio.read(folder / "mixture.wav")
    assert facts["samples"] == len(mixture)
    assert all(warning.isprintable() for warning in facts["warnings"])
    assert len(mixture) / rate < MOST_SECONDS
    heard = np.ones(len(mixture), bool)
    for silence in facts["silences"]:
        start = round(silence["start_s"] * rate)
        heard[start : start + round(silence["duration_s"] * rate)] = False
    assert not mixture[~heard].any()
    plain = plain_samples(path).reshape(-1, facts["channels"])
    np.testing.assert_array_equal(mixture[heard], plain)
    return None


@pytest.mark.parametrize("name", FORMATS)
def test_a_damaged_file_is_decoded_or_told(tmp_path, monkeypatch, name):
    monkeypatch.setattr("stemsteer.sound.probing.PROBE_SECONDS", LIMIT_S)
    monkeypatch.setattr("stemsteer.sound.watch.STALLED_S", LIMIT_S)
    content = Path(make(tmp_path / name, music(0.3), options=FORMATS[name])).read_bytes()
    for number in [*range(EXAMPLES), *KNOWN.get(name, [])]:
        folder = tmp_path / str(number)
        folder.mkdir()
        path = folder / name
        path.write_bytes(damaged(content, name, number))
        try:
            assert_sound(path, folder)
        except BaseException as error:
            error.add_note(f"format {name!r}, number {number}: the file is {path}")
            raise
