"""Spectrograms of the signals of a track, and their mean spectra."""

import math
from functools import cached_property
from pathlib import Path

import numpy as np
import soundfile
from matplotlib import colormaps
from matplotlib.colors import to_hex
from matplotlib.image import imsave
from numpy.typing import ArrayLike, NDArray

from stemsteer.files import written_whole
from stemsteer.report.pictures import Axis, Picture, is_fresh
from stemsteer.sound.audio import Signal

RANGE_DB = 80.0
"""Span of a spectrogram's colours, dB."""
LOWEST_HZ, HIGHEST_HZ = 30.0, 16_000.0

_COLOURS = colormaps["magma"]
_BANDS, _COLUMNS = 192, 800
_WINDOW_S = 0.046
_FRAMES_AT_ONCE = 256
_TIME_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600)
_FREQUENCIES_HZ = (100, 500, 1000, 2000, 4000, 8000, 16000)


class TrackSpectrograms:
    """Spectrograms of the signals of one track, all on one colour scale: 0 dB is the loudest band of the mixture."""

    def __init__(self, mixture: Path | None) -> None:
        self.mixture = mixture
        self._mean_spectra: dict[Path, NDArray[np.float64]] = {}

    def draw(self, audio: Path, image: Path, name: str) -> Picture:
        """Draw one signal of the track, by time and mel frequency up to 16 kHz."""
        if not is_fresh(image, [audio, *([self.mixture] if self.mixture else []), Path(__file__)]):
            relative = np.clip(self._levels(audio) - self._loudest, -RANGE_DB, 0)
            with written_whole(image) as part:
                colours = _COLOURS(1 + relative / RANGE_DB)
                imsave(part, colours, origin="lower", format="webp", pil_kwargs={"quality": 82})
        info = soundfile.info(audio)
        return Picture(image, f"Spectrogram: {name}", time_axis(info.frames / info.samplerate), frequency_axis())

    def mean_spectrum(self, audio: Path) -> NDArray[np.float64]:
        """Mean power of a signal in each mel band `[bands]`, dB; 0 dB is a full-scale sine, minus infinity silence."""
        if audio not in self._mean_spectra:
            self._levels(audio)
        return self._mean_spectra[audio]

    def _levels(self, audio: Path) -> NDArray[np.float32]:
        """Band levels of a signal, whose mean is kept: so no file is read twice for its two pictures."""
        levels = self._levels_of_mixture if audio == self.mixture else band_levels(audio)
        with np.errstate(divide="ignore"):
            self._mean_spectra[audio] = 10 * np.log10(np.mean(10 ** (levels / 10), axis=1, dtype=np.float64))
        return levels

    @cached_property
    def _levels_of_mixture(self) -> NDArray[np.float32]:
        # Without a mixture, as when its decoding failed this time, 0 dB is a full-scale sine.
        return band_levels(self.mixture) if self.mixture else np.zeros((_BANDS, 1), dtype=np.float32)

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
    edges = band_edges()[:, np.newaxis]
    width = sample_rate / window
    lower = (np.arange(window // 2 + 1) - 0.5) * width
    overlap = np.minimum(edges[1:], lower + width) - np.maximum(edges[:-1], lower)
    return (np.clip(overlap, 0, None) / width).astype(np.float32)


def band_edges() -> NDArray[np.float64]:
    """Frequencies between the mel bands `[bands + 1]`, Hz."""
    return _hz(np.linspace(_mel(LOWEST_HZ), _mel(HIGHEST_HZ), _BANDS + 1))


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
