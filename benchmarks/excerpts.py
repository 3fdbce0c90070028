"""The excerpts that the rows of a table of tracks name, read without a workflow."""

from pathlib import Path

import numpy as np
import soundfile

from stemsteer.errors import UserError
from stemsteer.settings.tracks import Track
from stemsteer.sound.audio import SILENCE_PEAK, Signal

PART_OF = {"violin": "strings"}
"""References that count as another source of the full set."""


def read_excerpt(path: str | Path, start: float = 0.0, duration: float | None = None) -> tuple[Signal, int]:
    """Some seconds of a file, `[samples, channels]`, and its rate (Hz).

    Args:
        path: of a file that libsndfile reads.
        start: seconds before the excerpt.
        duration: of the excerpt, s; None: all that is left.
    """
    with soundfile.SoundFile(path) as file:
        first = min(round(start * file.samplerate), file.frames)
        samples = -1 if duration is None else round(duration * file.samplerate)
        file.seek(first)
        return file.read(samples, dtype="float32", always_2d=True), file.samplerate


def read_mixture(track: Track) -> tuple[Signal, int]:
    """The excerpt of a track's mixture, `[samples, channels]`, and its rate (Hz)."""
    return read_excerpt(track.mixture, track.start, track.duration)


def at_peak(signal: Signal) -> Signal:
    """A signal scaled to a peak of 1, as runs hear it."""
    return signal / np.abs(signal).max(initial=SILENCE_PEAK)


def read_reference(track: Track, source: str, mixture: Signal) -> Signal:
    """The same excerpt of the true source, `[samples, channels]`.

    Raises:
        UserError: it has not the length and the channels of the mixture.
    """
    reference, _ = read_excerpt(track.references[source], track.start, track.duration)
    if reference.shape != mixture.shape:
        raise UserError(
            f"{track.references[source]}: the excerpt has {reference.shape[0]} samples and {reference.shape[1]} "
            f"channels, that of the mixture {mixture.shape[0]} and {mixture.shape[1]}"
        )
    return reference
