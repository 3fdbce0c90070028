"""Decode any file that ffmpeg reads into float32 wav files, block by block, and refuse broken files.

Rate, channels and every sample are those of ffmpeg's decoder: nothing is resampled, remixed or rescaled. An excerpt is
found by counting samples from the start of the file, because seeking in compressed files is not exact to the sample.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from pydantic import BaseModel

from stemsteer.errors import UserError
from stemsteer.sound.audio import SILENCE_PEAK, Signal, blocks, cut, mono, resampled, resampled_length, writing
from stemsteer.sound.decoder import Decoding, decoding
from stemsteer.sound.probing import priming_of, probe
from stemsteer.sound.timeline import Silence

MONO_RATE = 44_100
"""Rate of the mono signal that runs steer, Hz."""


class Facts(BaseModel):
    """What is known of a decoded track.

    `samples` and `duration_s` are those of the excerpt. `stream` is the number of its stream among all audio `streams`
    of the file, from 1. `priming` counts the samples that were cut from the start because the encoder put them there
    (see `priming_of`). `silences` were put in where the file has no audio, up to the end of the excerpt: their places
    count from the start of the file, as `start_s` does.
    """

    path: str
    codec: str
    container: str
    sample_rate: int
    channels: int
    samples: int
    duration_s: float
    bit_depth: int | None
    tags: dict[str, str]
    start_s: float
    silent: bool
    warnings: list[str]
    stream: int = 1
    streams: int = 1
    priming: int = 0
    silences: list[Silence] = []


def decode(
    path: str, start: float, duration: float | None, mixture_out: Path, mono_out: Path, stream: int | None = None
) -> Facts:
    """Decode `duration` seconds (None: all) of a track from second `start` on.

    Args:
        mixture_out: a float32 wav at the file's own rate and channels.
        mono_out: a float32 wav of the mean of its channels at `MONO_RATE`.
        stream: the number of its audio stream, from 1; None: see `probe`.

    Raises:
        UserError: the file is missing, broken or truncated, ends before `start`, has no such stream, or has samples
            that are not finite.
    """
    header = probe(path, stream)
    with decoding(header) as decoded:
        samples, peak = _write_excerpt(decoded, start, duration, mixture_out)
    rate = decoded.sample_rate
    mono_peak = _write_mono_signal(mixture_out, rate, resampled_length(samples, rate, MONO_RATE), mono_out)
    warnings = decoded.warnings
    if samples < (excerpt_samples(duration, rate) or 0):
        warnings.append(f"{path!r} ends {samples / rate:.3f} s after {start:g} s: its excerpt is no longer than that")
    if peak <= SILENCE_PEAK:
        warnings.append(f"{path!r} is silent: its stems will be silent")
    elif mono_peak <= SILENCE_PEAK:
        warnings.append(f"the channels of {path!r} cancel each other in their mean: its stems will be silent")
    return Facts(
        path=path,
        codec=header.codec,
        container=header.container,
        sample_rate=rate,
        channels=decoded.channels,
        samples=samples,
        duration_s=samples / rate,
        bit_depth=header.bit_depth,
        tags=header.tags,
        start_s=start,
        silent=peak <= SILENCE_PEAK,
        warnings=warnings,
        stream=header.stream,
        streams=header.streams,
        priming=priming_of(header),
        silences=decoded.silences,
    )


def _write_excerpt(stream: Decoding, start: float, duration: float | None, out: Path) -> tuple[int, float]:
    """Write the excerpt (`start` and `duration` in s); returns its length in samples and its peak."""
    path, rate = stream.header.path, stream.sample_rate
    first, asked = to_samples(start, rate), excerpt_samples(duration, rate)
    container_s = stream.header.container_s
    expected = asked or (None if container_s is None else to_samples(container_s, rate))
    peak = 0.0
    with writing(out, rate, stream.channels, samples=expected) as writer:
        for block in finite(cut(stream.blocks(), first, asked), path, rate, first):
            writer.write(block)
            peak = max(peak, float(np.abs(block).max()))
        if not writer.samples:
            length = f"{stream.samples / rate:.3f} s"
            raise UserError(f"{path!r} is {length} long and its excerpt starts at {start:g} s; let it start earlier")
    return writer.samples, peak


def _write_mono_signal(mixture: Path, rate: int, samples: int, out: Path) -> float:
    """Write the mean of the mixture's channels at `MONO_RATE`; returns its peak."""
    peak = 0.0
    with writing(out, MONO_RATE, 1, samples=samples) as writer:
        for block in resampled(map(mono, blocks(mixture)), rate, MONO_RATE):
            writer.write(block)
            peak = max(peak, float(np.abs(block).max(initial=0)))
    return peak


def to_samples(seconds: float, rate: int) -> int:
    """So many seconds at a rate (Hz), to the nearest sample."""
    return round(seconds * rate)


def excerpt_samples(duration: float | None, rate: int) -> int | None:
    """The length of an excerpt of so many seconds (None: all) at a rate (Hz): one sample at least."""
    return None if duration is None else max(1, to_samples(duration, rate))


def finite(signal: Iterable[Signal], path: str, rate: int, first: int) -> Iterator[Signal]:
    """Give the blocks of a signal up to the first one with NaN or infinite samples; count these in all blocks.

    Args:
        path: of the file, for the message.
        rate: of the signal, Hz.
        first: the position in the file of the signal's first sample.

    Raises:
        UserError: after the last block, if any sample was not finite.
    """
    position, broken, where = first, 0, 0
    for block in signal:
        bad = ~np.isfinite(block)
        if bad.any():
            where = where if broken else position + int(bad.any(axis=1).argmax())
            broken += int(bad.sum())
        if not broken:
            yield block
        position += len(block)
    if broken:
        raise UserError(
            f"{path!r} has {broken} NaN or infinite samples, the first at {where / rate:.3f} s; "
            "repair the file, or use an excerpt without them"
        )
