"""What a stem took of its mixture: each part by its frequency and gain, and the mean spectra of both."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stemsteer.report.files import read_object
from stemsteer.report.pictures import BLUE, GREY, Axis, Picture, bare_plot, is_fresh, ticks, write_plot
from stemsteer.report.spectrograms import HIGHEST_HZ, LOWEST_HZ, TrackSpectrograms, band_edges

GAIN_LIMITS = (-0.05, 1.05)
"""A little more than all gains, so that no dot is cut."""
GAINS = (0.0, 0.25, 0.5, 0.75, 1.0)
TAKEN = 0.5
"""From this gain on a part is said to be taken."""
SOFTEST_DB = -40.0
"""Level against the loudest part of a chunk from which down dots do not shrink any more."""
LEVEL_LIMITS_DB = (-80.0, 10.0)
LEVELS_DB = (-80.0, -60.0, -40.0, -20.0, 0.0)

_SMALLEST, _LARGEST = 12.0, 220.0
_FREQUENCIES_HZ = (50, 100, 200, 500, 1000, 2000, 5000, 10_000)
_OCTAVES = (math.log2(LOWEST_HZ), math.log2(HIGHEST_HZ))


@dataclass(frozen=True)
class Parts:
    """The parts of all chunks: mean frequency (Hz), level against the chunk's loudest (dB) and gain, each `[parts]`."""

    hz: NDArray[np.float64]
    level_db: NDArray[np.float64]
    gain: NDArray[np.float64]


def draw_parts(estimate: Path, image: Path) -> Picture | None:
    """Draw of each part how much of it was taken, by its frequency; the louder it is, the larger is its dot.

    Args:
        estimate: the record of an estimate, whose chunks list their parts.

    Returns:
        None where the record lists none.
    """
    chunks = [chunk["parts"] for chunk in read_object(estimate).get("chunks", []) if chunk.get("parts")]
    if not chunks:
        return None
    parts = _gathered(chunks)
    if not is_fresh(image, [estimate, Path(__file__)]):
        figure, axes = bare_plot(_OCTAVES, GAIN_LIMITS, GAINS)
        loudness = 1 - np.clip(parts.level_db / SOFTEST_DB, 0, 1)
        sizes = _SMALLEST + (_LARGEST - _SMALLEST) * loudness**2
        axes.scatter(_octave(parts.hz), parts.gain, s=sizes, color=BLUE, alpha=0.5, linewidths=0)
        write_plot(figure, image)
    gain_axis = Axis("Gain", ticks(GAINS, GAIN_LIMITS))
    return Picture(image, _in_words(parts), _frequency_axis("Mean frequency (kHz)"), gain_axis)


def draw_spectra(spectrograms: TrackSpectrograms, stem: Path, image: Path) -> Picture | None:
    """Draw the mean spectra of a mixture (grey) and a stem (blue); 0 dB is the loudest band of the mixture.

    Returns:
        None without a mixture.
    """
    mixture = spectrograms.mixture
    if not mixture:
        return None
    if not is_fresh(image, [mixture, stem, Path(__file__)]):
        figure, axes = bare_plot(_OCTAVES, LEVEL_LIMITS_DB, LEVELS_DB)
        spectra = [spectrograms.mean_spectrum(audio) for audio in (mixture, stem)]
        loudest = spectra[0].max() if np.isfinite(spectra[0].max()) else 0.0
        centres = np.sqrt(band_edges()[1:] * band_edges()[:-1])
        for levels, colour in zip(spectra, (GREY, BLUE), strict=True):
            axes.plot(_octave(centres), np.clip(levels - loudest, *LEVEL_LIMITS_DB), color=colour, linewidth=3)
        write_plot(figure, image)
    level_axis = Axis("Level (dB)", ticks(LEVELS_DB, LEVEL_LIMITS_DB))
    return Picture(image, "Mean spectra of mixture and stem", _frequency_axis("Frequency (kHz)"), level_axis)


def _gathered(chunks: Sequence[Sequence[dict[str, float]]]) -> Parts:
    rows = [part for chunk in chunks for part in chunk]
    return Parts(*(np.array([row[key] for row in rows], np.float64) for key in ("hz", "level_db", "gain")))


def _in_words(parts: Parts) -> str:
    taken = parts.hz[parts.gain >= TAKEN]
    where = f", from {_hertz(taken.min())} to {_hertz(taken.max())}" if len(taken) else ""
    return f"Gain of parts by mean frequency: {len(taken)} of {len(parts.hz)} have a gain of {TAKEN:g} or more{where}"


def _octave(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Places along the axis of frequencies; what lies beyond its ends is shown there."""
    return np.log2(np.clip(hz, LOWEST_HZ, HIGHEST_HZ))


def _frequency_axis(label: str) -> Axis:
    """Ticks at round frequencies on a logarithmic scale."""
    low, high = _OCTAVES
    places = [(math.log2(frequency) - low) / (high - low) for frequency in _FREQUENCIES_HZ]
    texts = [f"{frequency / 1000:g}" for frequency in _FREQUENCIES_HZ]
    return Axis(label, list(zip(places, texts, strict=True)))


def _hertz(frequency: float) -> str:
    return f"{frequency:.0f} Hz" if frequency < 1000 else f"{frequency / 1000:.1f} kHz"
