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

REFERENCE_TOLERANCE = 2304
"""Samples by which the length of a reference may differ from its mixture's: encoders add up to two MPEG frames."""


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
    if samples < (_excerpt_samples(duration, rate) or 0):
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
    first, asked = _to_samples(start, rate), _excerpt_samples(duration, rate)
    container_s = stream.header.container_s
    expected = asked or (None if container_s is None else _to_samples(container_s, rate))
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


def decode_reference(path: str, start: float, duration: float | None, mixture: Facts, reference_out: Path) -> list[str]:
    """Decode the same excerpt of a known stem at its mixture's rate, channels and length, as float32 wav.

    A reference of another rate is resampled before it is cut, so that the excerpt is exact to the sample. A mono
    reference is repeated for each channel of the mixture. Encoders add padding: a difference of up to
    `REFERENCE_TOLERANCE` samples is trimmed, or filled with zeros, at the end.

    Returns:
        Warnings for the user.

    Raises:
        UserError: as `decode`, and if the channels or the length do not fit the mixture.
    """
    rate, channels = mixture.sample_rate, mixture.channels
    peak, length = 0.0, 0
    with decoding(probe(path)) as stream:
        if stream.channels not in (1, channels):
            raise UserError(
                f"the reference {path!r} has {stream.channels} channels and its mixture {mixture.path!r} has "
                f"{channels}; give a reference that is mono or has as many channels"
            )
        whole = resampled(finite(stream.blocks(), path, stream.sample_rate, 0), stream.sample_rate, rate)
        with writing(reference_out, rate, channels, samples=mixture.samples) as reference:
            for block in cut(whole, _to_samples(start, rate), _excerpt_samples(duration, rate)):
                wanted = block[: mixture.samples - reference.samples]
                reference.write(np.repeat(wanted, channels // stream.channels, axis=1))
                length += len(block)
                peak = max(peak, float(np.abs(block).max()))
            if abs(length - mixture.samples) > resampled_length(REFERENCE_TOLERANCE, stream.sample_rate, rate):
                raise UserError(
                    f"the reference {path!r} is {length / rate:.3f} s long and its mixture {mixture.path!r} "
                    f"{mixture.duration_s:.3f} s; give a reference of the mixture's length"
                )
            reference.write(np.zeros((mixture.samples - reference.samples, channels), np.float32))
    warnings = stream.warnings
    # Resampling rounds the length up, by less than one sample at the reference's rate.
    rounding = resampled_length(1, stream.sample_rate, rate) if stream.sample_rate != rate else 0
    if abs(length - mixture.samples) > rounding:
        verb = "trimmed" if length > mixture.samples else "filled with zeros"
        warnings.append(
            f"the reference {path!r} has {length} samples and its mixture {mixture.samples}: {verb} at the end"
        )
    if peak <= SILENCE_PEAK:
        warnings.append(f"the reference {path!r} is silent: most scores are undefined")
    return warnings


def _to_samples(seconds: float, rate: int) -> int:
    return round(seconds * rate)


def _excerpt_samples(duration: float | None, rate: int) -> int | None:
    return None if duration is None else max(1, _to_samples(duration, rate))


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
