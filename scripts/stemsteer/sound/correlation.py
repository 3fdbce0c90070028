"""Correlate a reference with its mixture, by window and lag, so that the figures of any two pieces can be compared.

The mixture is taken for noise in which the reference is looked for, with a matched filter: their cross-correlation, in
which each frequency is divided by the power that the two have there. That lies between the weightings of Roth and SCOT
in Knapp and Carter, "The Generalized Correlation Method for Estimation of Time Delay" (IEEE Transactions on Acoustics,
Speech, and Signal Processing 24, 1976), and keeps what is loud in one of the signals only from counting much.

At most `MOST_WINDOWS` are looked at, which bounds memory and time.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.fft
import scipy.ndimage
import scipy.signal
from numpy.typing import NDArray

from stemsteer.sound.audio import Signal

Read = Callable[[int, int], Signal]
"""Gives the samples of a signal from one to another `[samples, channels]`, zeros where it has none."""

REACH_S = 0.75
"""The largest lag that is looked for, s."""

SHORTEST_WINDOW_S, LONGEST_WINDOW_S = 0.2, 0.75
FEWEST_WINDOWS, MOST_WINDOWS = 8, 64
"""Of windows of the mixture; an excerpt of less than 1.6 s has fewer."""

SMOOTHING_HZ = 40.0
"""Over which the power of a signal is averaged."""

FLOOR = 1e-5
"""Power, relative to the mean of all frequencies, below which a frequency hardly counts: rounding has no lag."""

CLEAR = 10.0
"""Standard deviations of unrelated signals: a window with so high a product tells its own lag."""

AGREEMENT = 0.8
"""A window agrees with a lag where its product is as high as this, relative to its highest."""

Array = NDArray[np.float64]
Products = NDArray[np.float32]
"""Of windows and lags: there are many."""


@dataclass(frozen=True)
class Correlation:
    """The correlation of a reference with its mixture.

    Attributes:
        products: `[windows, lags]`; the middle one is that of lag 0, and those after it are of late references.
        energies: what the product is where the mixture holds the reference as it is `[windows]`.
        variances: of the products of unrelated signals `[windows]`.
        centres: of the windows, samples.
        window: their length, samples.
    """

    products: Products
    energies: Array
    variances: Array
    centres: Array
    window: int

    @property
    def reach(self) -> int:
        """The largest lag, samples."""
        return self.products.shape[1] // 2

    @property
    def gains(self) -> Array:
        """With which the mixture holds the reference, by lag `[lags]`: 1 as it is, -1 inverted."""
        gains: Array = self.products.sum(axis=0, dtype=np.float64) / self.energies.sum()
        return gains

    @property
    def deviation(self) -> float:
        """The standard deviation of the gains of unrelated signals."""
        return float(np.sqrt(self.variances.sum()) / self.energies.sum())

    @property
    def clear(self) -> "Correlation":
        """Those windows that tell their own lag."""
        told = np.abs(self.products).max(axis=1) >= CLEAR * np.sqrt(self.variances)
        of_windows = (self.energies[told], self.variances[told], self.centres[told])
        return Correlation(self.products[told], *of_windows, self.window)

    def agreement(self, lags: Array, tolerance: float) -> float:
        """The share of windows that agree with these lags `[windows]`, or with others not further than `tolerance`."""
        heights = np.abs(self.products)
        places = np.arange(-self.reach, self.reach + 1)
        there = np.where(np.abs(places - lags[:, None]) <= tolerance, heights, 0).max(axis=1)
        return float(np.mean(there >= AGREEMENT * heights.max(axis=1)))


def correlate(mixture: Read, reference: Read, samples: int, rate: int) -> Correlation:
    """Correlate those windows of a reference in which it is loudest with what is around them in the mixture.

    Args:
        mixture: `samples` long.
        reference: with as many channels.
        samples: the length of the mixture.
        rate: of both, Hz.

    Returns:
        The correlation, without any window where the reference is silent.
    """
    seconds = min(max(samples / rate / FEWEST_WINDOWS, SHORTEST_WINDOW_S), LONGEST_WINDOW_S)
    window, reach = min(round(seconds * rate), samples), round(REACH_S * rate)
    starts = _loudest(reference, samples, window)
    products = np.empty((len(starts), 2 * reach + 1), np.float32)
    energies, variances = np.empty(len(starts)), np.empty(len(starts))
    for number, start in enumerate(starts):
        around = _Around(mixture, start - reach, start + window + reach, samples)
        found = _products(around, reference(start, start + window), rate)
        products[number], energies[number], variances[number] = found
    return Correlation(products, energies, variances, np.array(starts) + window / 2, window)


def at_speed(signal: Read, speed: float) -> Read:
    """A signal that is played so many times as fast."""

    def read(start: int, stop: int) -> Signal:
        first = round(start * speed)
        played = signal(first, first + round((stop - start) * speed))
        # The edges are of no account: windows are tapered.
        resampled: Signal = scipy.signal.resample(played, stop - start).astype(np.float32)
        return resampled

    return read


def _loudest(reference: Read, samples: int, window: int) -> list[int]:
    """Where windows begin: in each part of the reference the loudest one that is not silent."""
    starts = range(0, samples - window + 1, window)
    powers = np.array([np.square(reference(start, start + window), dtype=np.float64).sum() for start in starts])
    parts = np.array_split(np.arange(len(starts)), min(MOST_WINDOWS, len(starts)))
    return [starts[part[powers[part].argmax()]] for part in parts if powers[part].any()]


class _Around:
    """A tapered piece of the mixture `[samples, channels]`, and the energy of its taper where there is a mixture."""

    def __init__(self, mixture: Read, start: int, stop: int, samples: int) -> None:
        taper = scipy.signal.windows.tukey(stop - start, 0.25)
        self.piece = mixture(start, stop) * taper[:, None]
        self.taper_energy = float(np.square(taper[max(0, -start) : len(taper) - max(0, stop - samples)]).sum())


def _products(around: _Around, window: Signal, rate: int) -> tuple[Array, float, float]:
    """The products of a window `[lags]`, from early to late, and its part of `energies` and of `variances`."""
    taper = scipy.signal.windows.hann(len(window), sym=False)
    size = scipy.fft.next_fast_len(len(around.piece), real=True)
    bins = max(1, round(SMOOTHING_HZ * size / rate))
    products, energy, variance = np.zeros(len(around.piece) - len(window) + 1), 0.0, 0.0
    for mixture, reference in zip(around.piece.T, window.T, strict=True):
        theirs, ours = scipy.fft.rfft(mixture, size), scipy.fft.rfft(reference * taper, size)
        noise = _smooth(theirs, bins) / around.taper_energy
        power = noise + _smooth(ours, bins) / np.square(taper).sum()
        if not power.any():
            continue
        power += FLOOR * power.mean()
        products += scipy.fft.irfft(theirs * ours.conj() / power, size)[: len(products)]
        # The taper is in the products once, and in this twice.
        energy += _mean(np.square(np.abs(ours)) / power, size) * taper.sum() / np.square(taper).sum()
        variance += _mean(np.square(np.abs(ours) / power) * noise, size)
    return products[::-1], energy, variance


def _smooth(spectrum: NDArray[np.complex128], bins: int) -> Array:
    """The power of a spectrum, averaged over so many bins."""
    power: Array = scipy.ndimage.uniform_filter1d(np.square(np.abs(spectrum)), bins)
    return power


def _mean(half: Array, size: int) -> float:
    """The mean of a spectrum of `size` bins of which one half is given."""
    return float(scipy.fft.irfft(half, size)[0])
