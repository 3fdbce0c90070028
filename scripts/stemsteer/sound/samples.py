"""Samples that users give as arrays: checked, and brought to the form of all signals."""

from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stemsteer.errors import UserError
from stemsteer.sound.audio import Signal

MOST_CHANNELS = 64
"""More are taken for an array whose channels come first; ffmpeg has no more either."""

LOWEST_RATE, HIGHEST_RATE = 1000, 768_000
"""Hz. Another one is taken for a mistake, as 44.1 would be."""


def as_signal(what: str, samples: ArrayLike) -> Signal:
    """Floating-point samples `[samples, channels]` or `[samples]` as float32 `[samples, channels]`.

    Args:
        what: was given, for the messages.

    Raises:
        UserError: the samples are integers, not finite, none at all, or of another shape.
    """
    try:
        array = np.asarray(samples)
    except (TypeError, ValueError, RuntimeError) as error:
        raise UserError(f"{what}: these are no samples ({error}); give an array [samples, channels]") from error
    if array.dtype.kind != "f":
        raise UserError(
            f"{what}: the samples are not floating-point numbers but {array.dtype}; give numbers whose full scale is "
            "-1 to 1 (for int16, samples / 32768)"
        )
    if array.ndim not in (1, 2):
        raise UserError(f"{what}: the array has the shape {array.shape}; give [samples, channels] or [samples]")
    signal = array.reshape(len(array), -1) if array.size else array
    if not signal.size:
        raise UserError(f"{what}: the array has the shape {array.shape}, that is no sample; give at least one")
    if signal.shape[1] > min(len(signal), MOST_CHANNELS):
        raise UserError(
            f"{what}: the array has the shape {array.shape}, that is {array.shape[1]} channels; where the channels "
            "come first, give its transpose, which is [samples, channels]"
        )
    return _finite(what, signal)


def _finite(what: str, signal: NDArray[np.floating[Any]]) -> Signal:
    """The signal in float32; a sample that is too large for it is infinite."""
    with np.errstate(over="ignore"):
        converted = signal.astype(np.float32)
    broken = ~np.isfinite(converted).all(axis=1)
    if broken.any():
        raise UserError(
            f"{what}: {np.count_nonzero(broken)} samples are NaN or infinite, the first is number {broken.argmax()}; "
            "repair them, or cut them off"
        )
    return converted


def as_rate(rate: float) -> int:
    """A sample rate in Hz.

    Raises:
        UserError: it is not a whole number, or none that music has.
    """
    if not isinstance(rate, Real) or not float(rate).is_integer() or not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise UserError(f"sample_rate: {rate!r} is no rate in Hz; give a whole number, such as 44100")
    return int(rate)
