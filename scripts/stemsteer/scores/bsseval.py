"""BSSEval version 4 of one source, as museval computes it, in memory that does not grow with the track.

Stöter, Liutkus and Ito, "The 2018 Signal Separation Evaluation Campaign" (LVA/ICA 2018), after Vincent, Gribonval and
Févotte, "Performance measurement in blind audio source separation" (2006). An estimate is projected onto the references
delayed by up to 511 samples: one set of filters for the whole track, found by least squares. Each frame of it is then
split into target, spatial distortion, interference and artefacts, whose energy ratios are the figures.

museval finds the filters from Fourier transforms of the whole track (4.6 GB for four minutes of stereo). They depend on
the signals only through their correlations up to 511 samples, which add up over blocks: these are summed here, and
museval's own functions do the rest, frame by frame. Evaluating a track in pieces with museval would give other figures,
because each piece would get filters of its own.
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

    The signals are `[samples, channels]`; the four figures are those of `FIGURES`; frames are 1 s long without overlap,
    and a track that is shorter is one frame. As in museval, a frame is NaN where a reference or the estimate is silent
    (all zeros). Unlike there, the estimate of the rest has no say: all that it could do to the figures of the source is
    to be silent. And an estimate that is silent throughout, which museval refuses, has an SDR and an ISR of 0 dB, the
    limit of any estimate made ever quieter; its SIR and SAR are NaN.
    """
    # Imported here because museval cannot be imported without ffmpeg on PATH, and takes seconds.
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
        For each estimate `[channels, taps, channels]` and `[2, channels, taps, channels]`: from reference channel to
        channel of the estimate.
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

    The references' own channels come first among all channels, then those of the estimates.
    """
    inputs = 2 * source.shape[1]
    total = np.zeros((inputs, inputs + len(estimates) * source.shape[1], TAPS))
    size = scipy.fft.next_fast_len(BLOCK + TAPS - 1, real=True)
    for start in range(0, len(source), BLOCK):
        # The signals reach over the block's end by the greatest lag, so that blocks add up without seams.
        window = slice(start, start + BLOCK + TAPS - 1)
        signals = np.concatenate([*_references(source, mixture, window), *(e[window] for e in estimates)], axis=1).T
        references = scipy.fft.rfft(signals[:inputs, :BLOCK], size)
        spectra = scipy.fft.rfft(signals, size)
        for reference, sums in zip(references, total, strict=True):
            sums += scipy.fft.irfft(reference.conj() * spectra, size)[:, :TAPS]
    return total


def _solve(gram: Array, towards: Array) -> Array:
    """Least squares by the normal equations, as in museval: with a trace on the diagonal for silent channels."""
    try:
        filters = np.linalg.solve(gram + np.finfo(np.float64).eps * np.eye(len(gram)), towards)
    except np.linalg.LinAlgError:
        filters = np.linalg.lstsq(gram, towards)[0]
    return filters.astype(np.float64, copy=False)
