"""Listening copies: small FLAC files beside the page that any browser plays."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from stemsteer.files import written_whole
from stemsteer.sound.audio import Signal, blocks, resampled

MAX_RATE = 48_000

# Rows: left, right. ITU-R BS.775 without the low-frequency channel, scaled so that nothing gets louder;
# channels in the order of WAVE files: L R C LFE (back left, back right) (side left, side right).
_CENTRE = 0.5**0.5
_STEREO = {
    6: [[1, 0, _CENTRE, 0, _CENTRE, 0], [0, 1, _CENTRE, 0, 0, _CENTRE]],
    8: [[1, 0, _CENTRE, 0, _CENTRE, 0, _CENTRE, 0], [0, 1, _CENTRE, 0, 0, _CENTRE, 0, _CENTRE]],
}


def write_copies(copies: dict[Path, Path]) -> float:
    """Write 16-bit FLAC copies of the signals of one track and return the gain that all of them share.

    More than two channels are mixed down to stereo, rates above 48 kHz are brought down to it. The gain is 1, or less
    where one of the signals exceeds full scale. Copies newer than their source and with the right gain are kept.
    Memory is bounded by the block, not by the track.

    Args:
        copies: source by copy, for one track.
    """
    known = {copy: _known(copy, source) or {"peak": _peak(source)} for copy, source in copies.items()}
    loudest = max((facts["peak"] for facts in known.values()), default=0.0)
    gain = min(1.0, 1.0 / loudest) if loudest else 1.0
    for copy, facts in known.items():
        if facts.get("gain") != gain:
            _write(copies[copy], copy, {"gain": gain, "peak": facts["peak"]})
    return gain


def downmix_matrix(channels: int) -> NDArray[np.float32]:
    """The matrix `[channels, 1 or 2]` that makes a signal mono or stereo; each of its columns adds up to 1."""
    if channels <= 2:
        return np.eye(channels, dtype=np.float32)
    weights = np.array(_STEREO.get(channels, [[1.0] * channels] * 2), dtype=np.float32)
    return (weights / weights.sum(axis=1, keepdims=True)).T


def _listening_blocks(source: Path) -> Iterator[Signal]:
    """A file's signal as it is listened to: mono or stereo, at no more than 48 kHz."""
    info = soundfile.info(source)
    matrix = downmix_matrix(info.channels)
    mixed = (block @ matrix for block in blocks(source))
    yield from resampled(mixed, info.samplerate, min(info.samplerate, MAX_RATE))


def _peak(source: Path) -> float:
    return max(float(np.abs(block).max(initial=0.0)) for block in _listening_blocks(source))


def _known(copy: Path, source: Path) -> dict[str, float] | None:
    """The gain and the source's peak written in an up-to-date copy's own comment; None for any other file."""
    if not copy.exists() or copy.stat().st_mtime_ns < source.stat().st_mtime_ns:
        return None
    try:
        with soundfile.SoundFile(copy) as file:
            comment = json.loads(file.comment)
        return {"gain": float(comment["gain"]), "peak": float(comment["peak"])}
    except (soundfile.LibsndfileError, ValueError, KeyError):
        return None


def _write(source: Path, copy: Path, comment: dict[str, float]) -> None:
    info = soundfile.info(source)
    rate, channels = min(info.samplerate, MAX_RATE), downmix_matrix(info.channels).shape[1]
    with written_whole(copy) as part, soundfile.SoundFile(part, "w", rate, channels, "PCM_16", format="FLAC") as file:
        file.comment = json.dumps(comment)
        for block in _listening_blocks(source):
            file.write(block * np.float32(comment["gain"]))
