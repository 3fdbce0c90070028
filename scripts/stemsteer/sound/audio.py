"""Read, write, resample and cut audio signals `[samples, channels]` in float32, whole or block by block."""

import errno
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from stemsteer.errors import UserError
from stemsteer.files import written_whole

Signal = NDArray[np.float32]

BLOCK = 1 << 16
"""Samples of a block: large enough to be fast, small enough to need little memory."""

SUBTYPES = {"float32": "FLOAT", "int24": "PCM_24", "int16": "PCM_16"}
"""libsndfile's names of the encodings that users can choose."""

BITS = {"PCM_16": 16, "PCM_24": 24, "FLOAT": 32}
"""Bits of a sample in each of them."""

SILENCE_PEAK = 1e-6
"""A signal that never exceeds this (-120 dB) is silent. Compressed silence may decode to very quiet noise."""

RIFF_BYTES = 1 << 32
FLAC_CHANNELS = 8
SET_ADD_PEAK_CHUNK = 0x1050
"""The number of libsndfile's command SFC_SET_ADD_PEAK_CHUNK, which soundfile does not name."""


def read(path: str | Path) -> tuple[Signal, int]:
    """The signal `[samples, channels]` in a wav or flac file, and its rate (Hz)."""
    signal, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return signal, rate


def blocks(path: str | Path) -> Iterator[Signal]:
    """The signal in a wav or flac file, block by block."""
    with soundfile.SoundFile(path) as file:
        yield from file.blocks(BLOCK, dtype="float32", always_2d=True)


def write(path: str | Path, signal: Signal, rate: int, subtype: str = "FLOAT") -> int:
    """Write `signal` `[samples, channels]` as wav or flac; the suffix of `path` says which. See `writing`.

    Returns:
        The number of samples that an integer format clipped.
    """
    with writing(path, rate, signal.shape[1], subtype, samples=len(signal)) as writer:
        for start in range(0, len(signal), BLOCK):
            writer.write(signal[start : start + BLOCK])
    return writer.clipped


@contextmanager
def writing(
    path: str | Path,
    rate: int,
    channels: int,
    subtype: str = "FLOAT",
    samples: int | None = None,
    finish: Callable[[Path], None] | None = None,
) -> Iterator["Writer"]:
    """Open `path` (.wav or .flac) to write a signal to it block by block; the file appears when it is complete.

    Nothing is rescaled and no dither is added. The integer formats round each sample to the nearest step, and clip
    samples outside -1 ... 1 - one step. The float format keeps every sample as it is. The same signal gives the same
    bytes, except for the time in the PEAK chunk of an RF64 file, which libsndfile always writes.

    Args:
        subtype: FLOAT (wav only), PCM_24 or PCM_16.
        samples: the expected length. A RIFF file holds at most 4 GiB; a wav file that may be larger becomes RF64.
        finish: called with the closed file before it takes its place, to add to it what is no signal.

    Raises:
        UserError: flac cannot hold so many channels, or the signal is larger than 4 GiB although it was expected to be
            smaller.
    """
    flac = Path(path).suffix == ".flac"
    if flac and channels > FLAC_CHANNELS:
        raise UserError(f"{str(path)!r}: flac holds at most {FLAC_CHANNELS} channels, not {channels}; choose wav")
    expected_bytes = RIFF_BYTES if samples is None else samples * channels * BITS[subtype] // 8
    # Half of the limit, because the expected length may be an estimate of ffmpeg's.
    container = "FLAC" if flac else "WAV" if expected_bytes < RIFF_BYTES // 2 else "RF64"
    with written_whole(path) as part:
        with soundfile.SoundFile(part, "w", rate, channels, subtype, format=container) as file:
            # Without the PEAK chunk of a float file, which holds the time of day, the same signal gives the same bytes.
            soundfile._snd.sf_command(file._file, SET_ADD_PEAK_CHUNK, soundfile._ffi.NULL, 0)
            yield Writer(str(path), file, BITS[subtype])
        if finish:
            finish(part)


@dataclass
class Writer:
    """Writes the blocks of a signal, and counts the samples that it has written and clipped."""

    path: str
    file: soundfile.SoundFile
    bits: int
    samples: int = 0
    clipped: int = 0

    def write(self, block: Signal) -> None:
        """Append `block` `[samples, channels]`."""
        if not np.isfinite(block).all():
            raise ValueError(f"{self.path}: NaN or infinite samples cannot be written")
        self.samples += len(block)
        if self.file.format == "WAV" and self.samples * block.shape[1] * self.bits // 8 > RIFF_BYTES - BLOCK:
            raise UserError(f"{self.path!r} would be larger than 4 GiB, the most that a wav file holds; use an excerpt")
        try:
            self.file.write(block if self.file.subtype == "FLOAT" else self._integers(block))
        except soundfile.LibsndfileError as error:
            # The exception does not give the system's reason, which most often is that the disk is full.
            reason = soundfile._ffi.string(soundfile._snd.sf_strerror(self.file._file)).decode()
            if os.strerror(errno.ENOSPC) not in reason:
                raise
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), self.path) from error

    def _integers(self, block: Signal) -> NDArray[np.int32]:
        """The samples as 32-bit integers, of which the file keeps the upper bits.

        libsndfile's own conversion scales by 2^(bits-1) - 1 and rounds down, so that a file that is read and written
        again would change.
        """
        full_scale = 1 << (self.bits - 1)
        steps = np.rint(block.astype(np.float64) * full_scale)
        kept = np.clip(steps, -full_scale, full_scale - 1)
        self.clipped += int(np.count_nonzero(kept != steps))
        return kept.astype(np.int32) << (32 - self.bits)


def resampled_length(samples: int, rate_in: int, rate_out: int) -> int:
    """Length at `rate_out` Hz of a signal of `samples` at `rate_in` Hz.

    It is rounded up, so that resampling to another rate and back loses no sample.
    """
    return -(-samples * rate_out // rate_in)


def resample(signal: Signal, rate_in: int, rate_out: int) -> Signal:
    """`[samples, channels]` at `rate_in` Hz to `[resampled_length, channels]` at `rate_out` Hz; see `resampled`."""
    return signal if rate_in == rate_out else np.concatenate(list(resampled([signal], rate_in, rate_out)))


def resampled(signal: Iterable[Signal], rate_in: int, rate_out: int) -> Iterator[Signal]:
    """Resample a signal given as blocks `[samples, channels]`, with soxr's best filter (VHQ: linear phase, no delay).

    Where both rates are equal, the blocks are given back unchanged.
    """
    if rate_in == rate_out:
        yield from signal
        return
    stream: soxr.ResampleStream | None = None
    samples_in = samples_out = channels = 0
    for block in signal:
        if stream is None:
            channels = block.shape[1]
            stream = soxr.ResampleStream(rate_in, rate_out, channels, dtype="float32", quality="VHQ")
        samples_in += len(block)
        out = stream.resample_chunk(np.ascontiguousarray(block))
        samples_out += len(out)
        yield out
    if stream is not None:
        # soxr rounds the length to the nearest sample and may keep one back. One sample of silence brings it out.
        silence = np.zeros((-(-rate_in // rate_out), channels), np.float32)
        tail = np.concatenate([stream.resample_chunk(silence), stream.resample_chunk(silence[:0], last=True)])
        yield tail[: resampled_length(samples_in, rate_in, rate_out) - samples_out]


def cut(signal: Iterable[Signal], first: int, samples: int | None) -> Iterator[Signal]:
    """The `samples` (None: all) of a signal given as blocks, from the sample `first` on; later blocks are not read."""
    end = None if samples is None else first + samples
    position = 0
    for block in signal:
        piece = block[max(first - position, 0) : None if end is None else max(end - position, 0)]
        position += len(block)
        if len(piece):
            yield piece
        if end is not None and position >= end:
            return


def mono(block: Signal) -> Signal:
    """The mean of the channels: `[samples, channels]` to `[samples, 1]`."""
    return block.mean(axis=1, dtype=np.float64, keepdims=True).astype(np.float32)
