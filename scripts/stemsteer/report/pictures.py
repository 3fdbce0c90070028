"""Pictures of the data alone: spectrograms and curves without lettering.

The page writes the axes around them in its own type, so they stay sharp, follow light and dark, and can be read aloud.
Pictures newer than what they show (and than this file) are kept.
"""

import csv
import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import soundfile
from matplotlib import colormaps
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.image import imsave
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from stemsteer.files import written_whole
from stemsteer.sound.audio import Signal

RANGE_DB = 80.0
"""Span of a spectrogram's colours, dB."""
LOWEST_HZ, HIGHEST_HZ = 30.0, 16_000.0
CURVE_SIZE = (960, 384)
"""Width and height of a picture of curves, pixels."""

_COLOURS = colormaps["magma"]
_GREY, _BLUE = "#808890", "#3b82c4"  # seen well on white and on black
_BANDS, _COLUMNS = 192, 800
_WINDOW_S = 0.046
_FRAMES_AT_ONCE = 256
_TIME_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600)
_FREQUENCIES_HZ = (100, 500, 1000, 2000, 4000, 8000, 16000)


@dataclass(frozen=True)
class Axis:
    """What is written along one side of a picture: a label with its unit, and ticks as (place from 0 to 1, text)."""

    label: str
    ticks: list[tuple[float, str]]


@dataclass(frozen=True)
class Picture:
    """An image file, what it shows in words, and its axes."""

    path: Path
    words: str
    x: Axis
    y: Axis


class TrackSpectrograms:
    """Spectrograms of the signals of one track, all on one colour scale: 0 dB is the loudest band of the mixture."""

    def __init__(self, mixture: Path | None) -> None:
        self._mixture = mixture

    def draw(self, audio: Path, image: Path, name: str) -> Picture:
        """Draw one signal of the track, by time and mel frequency up to 16 kHz."""
        if not _is_fresh(image, [audio, *([self._mixture] if self._mixture else [])]):
            levels = self._levels_of_mixture if audio == self._mixture else band_levels(audio)
            relative = np.clip(levels - self._loudest, -RANGE_DB, 0)
            with written_whole(image) as part:
                colours = _COLOURS(1 + relative / RANGE_DB)
                imsave(part, colours, origin="lower", format="webp", pil_kwargs={"quality": 82})
        info = soundfile.info(audio)
        return Picture(image, f"Spectrogram: {name}", time_axis(info.frames / info.samplerate), frequency_axis())

    @cached_property
    def _levels_of_mixture(self) -> NDArray[np.float32]:
        # Without a mixture, as when its decoding failed this time, 0 dB is a full-scale sine.
        return band_levels(self._mixture) if self._mixture else np.zeros((_BANDS, 1), dtype=np.float32)

    @property
    def _loudest(self) -> float:
        loudest = float(self._levels_of_mixture.max())
        return loudest if math.isfinite(loudest) else 0.0


def band_levels(audio: Path) -> NDArray[np.float32]:
    """Level of each mel band over time `[bands, columns]`, dB; 0 dB is a full-scale sine, minus infinity silence.

    The power of all channels is averaged, and so is that of all frames in a column: nothing between columns is lost.
    Memory is bounded by a few hundred frames, however long the file.
    """
    with soundfile.SoundFile(audio) as file:
        window = np.hanning(2 ** round(math.log2(_WINDOW_S * file.samplerate)) + 1)[:-1].astype(np.float32)
        window *= 2 / window.sum()
        columns = min(_COLUMNS, max(1, file.frames // 32))
        hop = max(1, min(len(window) // 2, file.frames // columns))
        frames = -(-file.frames // hop)
        power, counts = np.zeros((_BANDS, columns)), np.zeros(columns)
        weights = band_weights(len(window), file.samplerate)
        for first in range(0, frames, _FRAMES_AT_ONCE):
            starts = np.arange(first, min(first + _FRAMES_AT_ONCE, frames)) * hop
            samples = _read(file, starts[0] - len(window) // 2, starts[-1] + len(window) // 2)
            framed = np.lib.stride_tricks.sliding_window_view(samples, len(window), axis=0)[::hop]
            spectrum = np.fft.rfft(framed * window, axis=-1)
            column = starts * columns // file.frames
            np.add.at(power.T, column, np.mean(spectrum.real**2 + spectrum.imag**2, axis=1) @ weights.T)
            np.add.at(counts, column, 1)
    with np.errstate(divide="ignore"):
        return (10 * np.log10(power / counts)).astype(np.float32)


def band_weights(window: int, sample_rate: int) -> NDArray[np.float32]:
    """Share of each Fourier bin's power that falls into each mel band `[bands, window // 2 + 1]`.

    A bin's power is spread evenly over the bin's width, so bands narrower than a bin are filled too.
    """
    edges = _hz(np.linspace(_mel(LOWEST_HZ), _mel(HIGHEST_HZ), _BANDS + 1))[:, np.newaxis]
    width = sample_rate / window
    lower = (np.arange(window // 2 + 1) - 0.5) * width
    overlap = np.minimum(edges[1:], lower + width) - np.maximum(edges[:-1], lower)
    return (np.clip(overlap, 0, None) / width).astype(np.float32)


def draw_curves(history: Path, column: str, name: str, image: Path, floor: float | None = None) -> Picture | None:
    """Draw a column of a steering's history by step: each chunk a thin line, their mean a bold one.

    Args:
        history: table with the columns chunk, step and `column`.
        name: what the column holds.
        floor: lowest value on the axis; by default just below the lowest value of the data.

    Returns:
        None where the history holds no finite value.
    """
    chunks = _read_chunks(history, column)
    if not (mean := _mean(chunks)):
        return None
    values = [value for chunk in chunks for _, value in chunk]
    x_limits = (mean[0][0], max(mean[-1][0], mean[0][0] + 1))
    x_ticks = MaxNLocator(nbins=6, integer=True).tick_values(*x_limits)
    y_ticks = MaxNLocator(nbins=4).tick_values(min(values) if floor is None else floor, max(values))
    y_limits = (float(y_ticks[0]), float(y_ticks[-1]))

    if not _is_fresh(image, [history]):
        figure = Figure(figsize=(CURVE_SIZE[0] / 100, CURVE_SIZE[1] / 100), dpi=100)
        axes = figure.add_axes((0, 0, 1, 1), xlim=x_limits, ylim=y_limits)
        axes.set_axis_off()
        for tick in y_ticks[1:-1]:
            axes.axhline(tick, color=_GREY, alpha=0.3, linewidth=1)
        for chunk in chunks if len(chunks) > 1 else []:
            axes.plot(*zip(*chunk, strict=True), color=_GREY, alpha=0.7, linewidth=1.2)
        dot = "o" if len(mean) == 1 else ""
        axes.plot(*zip(*mean, strict=True), color=_BLUE, linewidth=3, marker=dot, markersize=8)
        with written_whole(image) as part:
            figure.savefig(part, format="png", transparent=True)
    of_chunks = f", mean of {len(chunks)} chunks" if len(chunks) > 1 else ""
    first, last = [f"{value:.3g} at step {step:g}" for step, value in (mean[0], mean[-1])]
    words = f"{name} by step{of_chunks}: {first}, {last}"
    return Picture(image, words, Axis("Step", _ticks(x_ticks, x_limits)), Axis(name, _ticks(y_ticks, y_limits)))


def time_axis(duration_s: float) -> Axis:
    """Ticks at round times, in seconds below two minutes and as minutes:seconds above."""
    step = next((step for step in _TIME_STEPS if duration_s / step <= 6), _TIME_STEPS[-1])
    times = [index * step for index in range(int(duration_s / step + 1e-9) + 1)]
    if duration_s < 120:
        return Axis("Time (s)", [(time / duration_s, f"{time:g}") for time in times])
    return Axis("Time (min:s)", [(time / duration_s, f"{time // 60:.0f}:{time % 60:02.0f}") for time in times])


def frequency_axis() -> Axis:
    """Ticks at round frequencies on the mel scale from 30 Hz to 16 kHz."""
    low, high = float(_mel(LOWEST_HZ)), float(_mel(HIGHEST_HZ))
    places = [(float(_mel(frequency)) - low) / (high - low) for frequency in _FREQUENCIES_HZ]
    texts = [f"{frequency / 1000:g}" for frequency in _FREQUENCIES_HZ]
    return Axis("Frequency (kHz)", list(zip(places, texts, strict=True)))


def colour_stops(count: int = 9) -> list[str]:
    """The spectrograms' colours from the lowest level to the highest, for the page's scale."""
    return [to_hex(_COLOURS(index / (count - 1))) for index in range(count)]


def _mel(frequency_hz: ArrayLike) -> NDArray[np.float64]:
    """O'Shaughnessy's mel scale, the one HTK uses."""
    return 2595 * np.log10(1 + np.asarray(frequency_hz, dtype=np.float64) / 700)


def _hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    return 700 * (10 ** (mel / 2595) - 1)


def _read(file: soundfile.SoundFile, start: int, stop: int) -> Signal:
    """Samples `[stop - start, channels]` of a file, zero where it has none."""
    first, last = max(start, 0), min(stop, file.frames)
    file.seek(first)
    samples = file.read(last - first, dtype="float32", always_2d=True)
    return np.pad(samples, ((first - start, stop - last), (0, 0)))


def _read_chunks(history: Path, column: str) -> list[list[tuple[float, float]]]:
    """One list of (step, value) for each chunk, without values that are not finite."""
    chunks: dict[str, list[tuple[float, float]]] = defaultdict(list)
    with history.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, dialect="excel-tab"):
            if math.isfinite(value := float(row[column])):
                chunks[row["chunk"]].append((float(row["step"]), value))
    return list(chunks.values())


def _mean(chunks: list[list[tuple[float, float]]]) -> list[tuple[float, float]]:
    """The mean of all chunks that have a value, step by step."""
    by_step: dict[float, list[float]] = defaultdict(list)
    for chunk in chunks:
        for step, value in chunk:
            by_step[step].append(value)
    return [(step, sum(values) / len(values)) for step, values in sorted(by_step.items())]


def _ticks(values: Iterable[float], limits: tuple[float, float]) -> list[tuple[float, str]]:
    """Those values that lie within the limits, as places along the axis."""
    low, high = limits
    return [((value - low) / (high - low), f"{value:.6g}") for value in values if low <= value <= high]


def _is_fresh(image: Path, shown: Iterable[Path]) -> bool:
    sources = [*shown, Path(__file__)]
    return image.exists() and image.stat().st_mtime_ns >= max(source.stat().st_mtime_ns for source in sources)
