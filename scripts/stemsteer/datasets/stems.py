"""Turn the stems of a data set into a row of a table of tracks: the data set's own files, or sums that are written."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stemsteer.datasets.streams import read_stream
from stemsteer.errors import UserError
from stemsteer.settings.tracks import Track
from stemsteer.sound import audio
from stemsteer.sound.audio import Signal
from stemsteer.sound.decoder import decoding
from stemsteer.sound.decoding import finite
from stemsteer.sound.probing import Header, probe
from stemsteer.sound.references import REFERENCE_TOLERANCE


@dataclass(frozen=True)
class Part:
    """A file, or one stream of a file with several streams."""

    path: Path
    stream: int | None = None


@dataclass(frozen=True)
class Stems:
    """A track: its name, and the parts whose sums are its mixture and its sources."""

    track: str
    mixture: Sequence[Part]
    sources: Mapping[str, Sequence[Part]]


def as_track(stems: Stems, folder: Path) -> Track:
    """A row of a table of tracks.

    A mixture or source that is one file of the data set is used where it lies. All others are written to `folder`:
    float32 wav, summed without rescaling, as long as the mixture. The name of such a file depends on its parts. So it
    is written once, written anew when a part changes, and different from that of a track with the same name in another
    data set.

    Raises:
        UserError: a file cannot be read, or a source does not fit its mixture.
    """
    if not stems.sources:
        raise UserError(f"{stems.track!r} has no stem of a source that resources/sources.yaml lists; leave it out")
    mixture = _mixture(stems, folder)
    header = probe(str(mixture))
    references = {source: _reference(stems, source, header, folder) for source in stems.sources}
    paths = {source: path.as_posix() for source, path in references.items()}
    return Track(stems.track, mixture.as_posix(), tuple(paths), references=paths)


def _mixture(stems: Stems, folder: Path) -> Path:
    return _file(stems.mixture) or _made(folder / stems.track / "mixture", stems.mixture, None)


def _reference(stems: Stems, source: str, mixture: Header, folder: Path) -> Path:
    wanted = mixture.declared_s
    if file := _file(stems.sources[source]):
        seconds = probe(str(file)).declared_s
        if seconds is None or wanted is None or abs(seconds - wanted) * mixture.sample_rate <= REFERENCE_TOLERANCE:
            return file
        if _file(stems.mixture):
            raise UserError(
                f"{str(file)!r} is {seconds:.3f} s long and its mixture {mixture.path!r} {wanted:.3f} s; "
                "replace it by a stem of the mixture's length"
            )
    return _made(folder / stems.track / source, stems.sources[source], wanted)


def _made(place: Path, parts: Sequence[Part], seconds: float | None) -> Path:
    """The file with the sum of these parts, cut or filled to `seconds` if given; written if it is missing."""
    made = place.with_name(f"{place.name}-{_fingerprint(parts, seconds)}.wav")
    if not made.exists():
        signal, rate = _sum(parts)
        audio.write(made, signal if seconds is None else _of_length(signal, round(seconds * rate)), rate)
    return made


def _fingerprint(parts: Sequence[Part], seconds: float | None) -> str:
    """A text that changes when a part becomes another file, when its file changes, or when the length changes."""
    told: list[object] = [seconds]
    for part in parts:
        if not part.path.is_file():
            raise UserError(f"{str(part.path)!r} does not exist; put the file there")
        status = part.path.stat()
        told.append((str(part.path.resolve()), part.stream, status.st_size, status.st_mtime_ns))
    return hashlib.sha256(repr(told).encode()).hexdigest()[:8]


def _file(parts: Sequence[Part]) -> Path | None:
    """The file of these parts, if they are exactly one file."""
    return parts[0].path if len(parts) == 1 and parts[0].stream is None else None


def _sum(parts: Sequence[Part]) -> tuple[Signal, int]:
    """The sum of these parts at their highest rate (Hz), and that rate. Mono parts are added to all channels."""
    total, rate = _read(parts[0])
    for part in parts[1:]:
        signal, own_rate = _read(part)
        highest = max(rate, own_rate)
        total, signal = audio.resample(total, rate, highest), audio.resample(signal, own_rate, highest)
        rate = highest
        if len({1, total.shape[1], signal.shape[1]}) > 2:
            raise UserError(
                f"{str(part.path)!r} has {signal.shape[1]} channels and the stems beside it {total.shape[1]}; "
                "give all of them the same number"
            )
        samples = max(len(total), len(signal))
        total = _of_length(total, samples) + _of_length(signal, samples)
    return total, rate


def _read(part: Part) -> tuple[Signal, int]:
    path = str(part.path)
    if part.stream is not None:
        signal, rate = read_stream(part.path, part.stream)
        return np.concatenate(list(finite([signal], path, rate, 0))), rate
    with decoding(probe(path)) as stream:
        return np.concatenate(list(finite(stream.blocks(), path, stream.sample_rate, 0))), stream.sample_rate


def _of_length(signal: Signal, samples: int) -> Signal:
    """The signal cut, or filled with zeros, at its end."""
    return np.pad(signal[:samples], ((0, max(0, samples - len(signal))), (0, 0)))
