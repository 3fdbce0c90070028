"""BSSEval version 4 of one source, as museval computes it, with memory that does not grow with the track.

Stöter, Liutkus and Ito, "The 2018 Signal Separation Evaluation Campaign" (LVA/ICA 2018), after Vincent, Gribonval and
Févotte, "Performance measurement in blind audio source separation" (2006). An estimate is projected onto the references
delayed by up to 511 samples: one set of filters for the whole track, found by least squares. Each frame of it is then
split into target, spatial distortion, interference and artefacts. The figures are ratios of their energies.

museval computes the filters from Fourier transforms of the whole track (4.6 GB for four minutes of stereo). The filters
depend only on the correlations of the signals up to a lag of 511 samples. These are summed here block by block, and
museval's own functions do the rest, frame by frame. Scoring pieces of a track with museval would give other figures,
because each piece would have its own filters.
"""

from collections.abc import Sequence

import numpy as np
import scipy.fft
import scipy.linalg
from numpy.typing import NDArray

from stemsteer.sound.audio import Signal
from stemsteer.sound.ffmpeg import put_on_path

FIGURES = ("sdr", "isr", "sir", "sar")
TAPS = 512
"""Length of museval's distortion filters, samples."""

BLOCK = 1 << 15

Array = NDArray[np.float64]


def bsseval(source: Signal, mixture: Signal, estimates: Sequence[Signal], rate: int) -> Array:
    """Figures (dB) of each estimate of `source`: `[estimates, 4, frames]`; the other reference is `mixture - source`.

    The signals are `[samples, channels]` at `rate` Hz, and the four figures are those of `FIGURES`. Frames are 1 s long
    and do not overlap; a shorter track is one frame. As in museval, a frame is NaN where a reference or the estimate is
    silent (all zeros). Two things differ from museval. The estimate of the rest is not asked for: in museval it changes
    the figures of the source only by being silent. An estimate that is silent throughout, which museval refuses, has an
    SDR and an ISR of 0 dB, the limit for an estimate that becomes ever quieter; its SIR and SAR are NaN.
    """
    # Imported here, because museval needs ffmpeg on PATH and takes seconds to import.
    put_on_path()
    from museval import metrics

    spatial, full = _filters(source, mixture, estimates)
    windows = list(metrics.Framing(rate, rate, len(source)))
    figures = np.full((len(estimates), len(FIGURES), len(windows)), np.nan)
    silent = [not estimate.any() for estimate in estimates]
    for frame, window in enumerate(windows):
        references = _references(source, mixture, window)
        if not references.any(axis=(1, 2)).all():
            continue
        figures[silent, :2, frame] = 0.0
        for e, estimate in enumerate(estimates):
            heard = estimate[window].astype(np.float64)
            if heard.any():
                parts = metrics._bss_decomp_mtifilt(references, heard, 0, full[e], spatial[e])
                figures[e, :, frame] = metrics._bss_crit(*parts, bsseval_sources_version=False)
    return figures


def _references(source: Signal, mixture: Signal, window: slice) -> Array:
    """The source and the rest of the mixture: `[2, samples, channels]`."""
    heard = source[window].astype(np.float64)
    return np.stack([heard, mixture[window] - heard])


def _filters(source: Signal, mixture: Signal, estimates: Sequence[Signal]) -> tuple[list[Array], list[Array]]:
    """Least-squares filters from the source, and from both references, to each estimate.

    Returns:
        For each estimate, filters from each channel of the source to each channel of the estimate
        `[channels, taps, channels]`, and the same from both references `[2, channels, taps, channels]`.
    """
    channels = source.shape[1]
    correlations = _correlations(source, mixture, estimates)
    inputs = len(correlations)
    gram = np.block(
        [[scipy.linalg.toeplitz(correlations[p, q], correlations[q, p]) for q in range(inputs)] for p in range(inputs)]
    )
    towards = correlations[:, inputs:].transpose(0, 2, 1).reshape(inputs * TAPS, -1)
    of_source = channels * TAPS
    spatial = _solve(gram[:of_source, :of_source], towards[:of_source]).reshape(channels, TAPS, -1, channels)
    full = _solve(gram, towards).reshape(2, channels, TAPS, -1, channels)
    return list(np.moveaxis(spatial, 2, 0)), list(np.moveaxis(full, 3, 0))


def _correlations(source: Signal, mixture: Signal, estimates: Sequence[Signal]) -> Array:
    """Sums over t of reference(t) signal(t + lag): `[reference channels, all channels, lags]`.

    All channels are those of the references, followed by those of the estimates.
    """
    inputs = 2 * source.shape[1]
    total = np.zeros((inputs, inputs + len(estimates) * source.shape[1], TAPS))
    size = scipy.fft.next_fast_len(BLOCK + TAPS - 1, real=True)
    for start in range(0, len(source), BLOCK):
        # The signals are longer than the block by the greatest lag, so that the sum over blocks is the whole sum.
        window = slice(start, start + BLOCK + TAPS - 1)
        signals = np.concatenate([*_references(source, mixture, window), *(e[window] for e in estimates)], axis=1).T
        references = scipy.fft.rfft(signals[:inputs, :BLOCK], size)
        spectra = scipy.fft.rfft(signals, size)
        for reference, sums in zip(references, total, strict=True):
            sums += scipy.fft.irfft(reference.conj() * spectra, size)[:, :TAPS]
    return total


def _solve(gram: Array, towards: Array) -> Array:
    """Least squares by the normal equations, as in museval. A small value on the diagonal allows silent channels."""
    try:
        filters = np.linalg.solve(gram + np.finfo(np.float64).eps * np.eye(len(gram)), towards)
    except np.linalg.LinAlgError:
        filters = np.linalg.lstsq(gram, towards)[0]
    return filters.astype(np.float64, copy=False)
