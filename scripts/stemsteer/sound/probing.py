"""Read the header of an audio file with ffprobe, before anything is decoded."""

import json
import os
import re
import stat
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from stemsteer.errors import UserError
from stemsteer.sound.extents import Extent, extent_of, mended
from stemsteer.sound.ffmpeg import bounds, message, put_on_path
from stemsteer.sound.samples import HIGHEST_RATE, LOWEST_RATE, MOST_CHANNELS

LONGEST_TAG = 500
"""Characters: a file may hold texts of any length."""

PROBE_SECONDS = 300
"""That ffprobe may take for a file, also over a slow network."""

NOT_READ = re.compile(r"^\[(\w+) @ [^]]*\] Format not on whitelist", re.MULTILINE)
MIXTURE_FIRST = (".stem.mp4", ".stem.m4a")
"""Files of stems, whose first stream is their mixture."""


@dataclass(frozen=True)
class Header:
    """An audio stream of a file.

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
        stream: its number among the audio streams of the file, from 1.
        streams: how many there are.
        late_s: by how much it begins later than the first stream of the container, s.
        extent: where the samples lie, in files of chunks.
        warnings: sentences for the user.
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
    stream: int
    streams: int
    late_s: float
    extent: Extent | None
    warnings: tuple[str, ...]


def probe(path: str, stream: int | None = None) -> Header:
    """Read the header of the audio file `path`.

    Args:
        stream: the number of an audio stream, from 1. None: the mixture of a file of stems (.stem.mp4), else the first
            stream that the file marks as the default one, as players choose, else the first.

    Raises:
        UserError: the file does not exist, is empty, may not be read, holds no audio that ffmpeg can read, has no such
            stream, or a rate or a number of channels that no music has.
    """
    _check_file(path)
    try:
        extent = extent_of(path)
    except OSError as error:
        raise UserError(f"{path!r} cannot be read ({error.strerror}); give yourself the right to read it") from error
    found = _ask(path, extent, "-show_format", "-show_streams", "-select_streams", "a")
    if not found["streams"]:
        raise UserError(f"{path!r} has no audio stream; replace it by a file with audio")
    number = _chosen(path, found["streams"], stream)
    header = _header(path, number, found, extent)
    check_form(path, header.sample_rate or LOWEST_RATE, header.channels)
    return header


def priming_of(header: Header) -> int:
    """The samples that ffmpeg cuts from the start of a stream, because its encoder put them there.

    They are those that edit lists, iTunSMPB, LAME's tag, the pre-skip of Opus and the codec delay of matroska tell of,
    which players cut too. ffmpeg 5.1 cuts nothing for the codec delay of matroska, except with Opus, and does not tell
    it.
    """
    only_first = ("-show_packets", "-read_intervals", "%+#1", "-select_streams", f"a:{header.stream - 1}")
    packets = _ask(header.path, header.extent, *only_first).get("packets", [])
    notes = [note for packet in packets for note in packet.get("side_data_list", [])]
    return sum(int(note.get("skip_samples", 0)) for note in notes)


def check_form(path: str, rate: int, channels: int) -> None:
    """Refuse audio that is no music, and would take any amount of memory or disk.

    Args:
        rate: Hz.

    Raises:
        UserError: the rate or the number of channels is out of bounds.
    """
    if not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise UserError(
            f"{path!r} has a sample rate of {rate} Hz, and music has {LOWEST_RATE} to {HIGHEST_RATE} Hz; "
            "correct its header, or resample it"
        )
    if channels > MOST_CHANNELS:
        raise UserError(f"{path!r} has {channels} channels, and at most {MOST_CHANNELS} are read; mix it down")


def disagreement(path: str, declared: float, there: float, unit: str) -> str:
    """A warning that the header of a file is wrong: what it declares, and what is there."""
    digits = 0 if unit == "bytes" else 3
    return (
        f"the header of {path!r} tells of {declared:.{digits}f} {unit} of audio, and it has {there:.{digits}f} {unit}: "
        "all are decoded"
    )


def _check_file(path: str) -> None:
    try:
        found = os.stat(path)
    except PermissionError as error:
        raise UserError(f"a folder of {path!r} may not be entered; give yourself the right to do so") from error
    except (OSError, ValueError) as error:  # also a name that no file can have
        raise UserError(f"{path!r} does not exist; correct the path, or put the file there") from error
    if not stat.S_ISREG(found.st_mode):
        raise UserError(f"{path!r} is not a file; give the path of an audio file")
    if found.st_size == 0:
        raise UserError(f"{path!r} is empty (0 bytes); replace it by an audio file")


def _ask(path: str, extent: Extent | None, *questions: str) -> dict[str, Any]:
    """What ffprobe says of a file."""
    put_on_path()
    with mended(path, extent) as address:
        command = ["ffprobe", "-v", "error", *bounds(), *questions, "-of", "json", address]
        try:
            answer = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=PROBE_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise UserError(f"{path!r}: ffprobe took more than {PROBE_SECONDS} s to read it; replace it") from error
    if answer.returncode:
        raise _refusal(path, answer.stderr.decode(errors="replace").replace(address, "").strip())
    found: dict[str, Any] = json.loads(answer.stdout.decode(errors="replace"))
    return found


def _refusal(path: str, messages: str) -> UserError:
    if other := NOT_READ.search(messages):
        return UserError(
            f"{path!r} holds no audio of its own, it is of the format {other[1]}; give the audio file itself"
        )
    return UserError(
        f"{path!r} cannot be read as audio ({message(messages.partition(chr(10))[0])}); "
        "replace it by a whole wav, flac, mp3, m4a, ogg, opus or video file"
    )


def _chosen(path: str, streams: Sequence[dict[str, Any]], wanted: int | None) -> int:
    """The number of the stream to take, from 1."""
    if wanted is not None:
        if wanted > len(streams):
            there = "1 audio stream" if len(streams) == 1 else f"{len(streams)} audio streams"
            raise UserError(f"{path!r} has {there}, so there is no stream {wanted}; correct the column stream")
        return wanted
    if path.lower().endswith(MIXTURE_FIRST):
        return 1
    defaults = (number for number, stream in enumerate(streams, 1) if stream["disposition"]["default"])
    return next(defaults, 1)


def _header(path: str, number: int, found: dict[str, Any], extent: Extent | None) -> Header:
    stream, container = found["streams"][number - 1], found["format"]
    ticks, seconds = stream.get("time_base", "0/1").split("/")
    tick = int(ticks) / int(seconds)
    tags = {**stream.get("tags", {}), **container.get("tags", {})}
    start_s = float(stream.get("start_time", 0))
    declared = _declared(stream, container, tick, start_s)
    warnings = []
    if extent and extent.claimed is not None and extent.differs:
        there, second = extent.end - extent.start, int(stream.get("bit_rate", 0)) / 8  # in bytes
        if second and stream.get("codec_name", "").startswith("pcm_"):
            declared = there / second
            warnings.append(disagreement(path, extent.claimed / second, declared, "s"))
        else:
            warnings.append(disagreement(path, extent.claimed, there, "bytes"))
    return Header(
        path=path,
        codec=stream.get("codec_name", "unknown"),
        container=container["format_name"],
        sample_rate=int(stream.get("sample_rate", 0)),
        channels=int(stream.get("channels", 0)),
        bit_depth=int(stream.get("bits_per_raw_sample", 0)) or int(stream.get("bits_per_sample", 0)) or None,
        tags={key.lower(): value[:LONGEST_TAG] for key, value in tags.items()},
        declared_s=declared,
        tick_s=tick,
        container_s=float(container["duration"]) if "duration" in container else None,
        stream=number,
        streams=len(found["streams"]),
        late_s=start_s - float(container.get("start_time", 0)),
        extent=extent,
        warnings=tuple(warnings),
    )


def _declared(stream: dict[str, Any], container: dict[str, Any], tick: float, start_s: float) -> float | None:
    """The length (s) that a stream declares."""
    if "duration_ts" not in stream:
        return None
    seconds = int(stream["duration_ts"]) * tick
    if container["format_name"] == "asf":
        # It is the end of the longest stream.
        return seconds - start_s if container["nb_streams"] == 1 else None
    return seconds - start_s if container["format_name"] == "ogg" else seconds
