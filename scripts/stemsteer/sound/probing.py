"""Read the header of an audio file with ffprobe, before anything is decoded."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ffmpeg

from stemsteer.errors import UserError
from stemsteer.sound.ffmpeg import ONLY_FILES, message, put_on_path, url

LONGEST_TAG = 500
"""Characters: a file may hold texts of any length."""


@dataclass(frozen=True)
class Header:
    """The first audio stream of a file.

    Attributes:
        path: of the file.
        codec: by ffmpeg's name.
        container: by ffmpeg's name.
        sample_rate: Hz.
        channels: their number.
        bit_depth: bits of a sample, None for codecs without one.
        tags: by lower-case names; long texts are cut.
        declared_s: the length (s) that the stream declares, None if it does not.
        tick_s: the precision of that length, s.
        container_s: the length (s) that the container declares, if it does. It may be longer, as that of a video, or an
            estimate.
    """

    path: str
    codec: str
    container: str
    sample_rate: int
    channels: int
    bit_depth: int | None
    tags: dict[str, str]
    declared_s: float | None
    tick_s: float
    container_s: float | None


def probe(path: str) -> Header:
    """Read the header of the audio file `path`.

    Raises:
        UserError: the file does not exist, is empty, or holds no audio that ffmpeg can read.
    """
    file = Path(path)
    # Unlike file.exists(), this raises no error where the name is too long.
    if not os.path.exists(path):
        raise UserError(f"{path!r} does not exist; correct the path, or put the file there")
    if not file.is_file():
        raise UserError(f"{path!r} is not a file; give the path of an audio file")
    if file.stat().st_size == 0:
        raise UserError(f"{path!r} is empty (0 bytes); replace it by an audio file")
    put_on_path()
    try:
        found = ffmpeg.probe(url(path), v="error", select_streams="a", **ONLY_FILES)
    except ffmpeg.Error as error:
        first_line = error.stderr.decode(errors="replace").replace(url(path), "").strip().partition("\n")[0]
        raise UserError(
            f"{path!r} cannot be read as audio ({message(first_line)}); "
            "replace it by a whole wav, flac, mp3, m4a, ogg, opus or video file"
        ) from error
    if not found["streams"]:
        raise UserError(f"{path!r} has no audio stream; replace it by a file with audio")
    return _header(path, found["streams"][0], found["format"])


def _header(path: str, stream: dict[str, Any], container: dict[str, Any]) -> Header:
    ticks, seconds = stream.get("time_base", "0/1").split("/")
    tick = int(ticks) / int(seconds)
    tags = {**stream.get("tags", {}), **container.get("tags", {})}
    return Header(
        path=path,
        codec=stream.get("codec_name", "unknown"),
        container=container["format_name"],
        sample_rate=int(stream.get("sample_rate", 0)),
        channels=int(stream.get("channels", 0)),
        bit_depth=int(stream.get("bits_per_raw_sample", 0)) or int(stream.get("bits_per_sample", 0)) or None,
        tags={key.lower(): value[:LONGEST_TAG] for key, value in tags.items()},
        declared_s=int(stream["duration_ts"]) * tick if "duration_ts" in stream else None,
        tick_s=tick,
        container_s=float(container["duration"]) if "duration" in container else None,
    )
