"""Figures of how well an estimate matches its source: SI-SDR, SNR, BSSEval, level, and the tag probability of a judge.

Signals are `[samples, channels]`; all channels count together, as one long vector. Sums are in float64.

Undefined figures are NaN, and the column `warning` says why:

- if the reference is silent, all figures in dB are undefined;
- if the mixture holds nothing but the source, the figures of BSSEval are undefined;
- if the rest of the mixture is 60 dB or more below the source, improvements are undefined;
- if the estimate is silent, its SI-SDR, SIR and SAR are undefined (0 / 0). Its SNR and SDR are 0 dB, because the error
  is the whole source; its ISR is 0 dB, and its level is minus infinity.

Tag probabilities need no reference, and are defined for silence too: wherever there is a judge.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from stemsteer.scores.bsseval import FIGURES, bsseval
from stemsteer.scores.states import AS_GIVEN
from stemsteer.sound.audio import Signal

BLOCK = 1 << 20

COLUMNS = (
    "run",
    "track",
    "source",
    "estimate",
    "si_sdr_db",
    "si_sdr_improvement_db",
    "snr_db",
    "snr_improvement_db",
    "sdr_db",
    "sdr_improvement_db",
    "isr_db",
    "sir_db",
    "sar_db",
    "frames",
    "nan_frames",
    "level_db",
    "tag_probability",
    "tag_probability_change",
    "reference",
    "warning",
)
"""Columns of the score table."""

FOR_COMPARISON = ("mixture", "silence")
"""Rows of every table that are not estimates of a run."""

IMPROVED = ("si_sdr_db", "snr_db", "sdr_db")
"""Figures that also have an improvement: their difference to the figure of the mixture."""

COMPANY_DB = -60.0
"""Level of the rest of the mixture, relative to the source. If the rest is not louder, improvements are undefined."""

Row = dict[str, float | int | str]


class Judge(Protocol):
    """What says how probable a source is in a signal; see judge.py."""

    def probabilities(self, signals: Sequence[Signal], mixture: Signal, rate: int) -> list[float]:
        """Of each of the `signals` `[samples, channels]` at `rate` Hz, beside the mixture that they are part of."""


def si_sdr(reference: Signal, estimate: Signal) -> float:
    """Scale-invariant signal-to-distortion ratio, dB.

    Le Roux, Wisdom, Erdogan and Hershey, "SDR - half-baked or well done?" (arXiv 1811.02508):
    10 log10(|a s|^2 / |a s - e|^2) with a = <e, s> / |s|^2, one a for all channels; means are not removed.
    Undefined (NaN) for a silent reference or estimate.
    """
    energy = _inner(reference, reference)
    if energy == 0 or not estimate.any():
        return math.nan
    scale = _inner(estimate, reference) / energy
    return _db(scale**2 * energy, _error(reference, estimate, scale))


def snr(reference: Signal, estimate: Signal) -> float:
    """Signal-to-noise ratio over the whole track, dB: 10 log10(|s|^2 / |s - e|^2).

    The "uSDR" of the Music Demixing challenges (Mitsufuji et al., arXiv 2108.13559). NaN for a silent reference.
    """
    energy = _inner(reference, reference)
    return _db(energy, _error(reference, estimate)) if energy else math.nan


def level_db(reference: Signal, estimate: Signal) -> float:
    """Level of the estimate relative to the reference, dB: 10 log10(|e|^2 / |s|^2). NaN for a silent reference."""
    energy = _inner(reference, reference)
    return _db(_inner(estimate, estimate), energy) if energy else math.nan


def score(
    reference: Signal,
    mixture: Signal,
    estimates: Mapping[str, Signal],
    rate: int,
    judge: Judge | None = None,
) -> list[Row]:
    """A row of figures for each estimate of the source `reference`, and for the mixture and silence in its place.

    The columns are those of `COLUMNS` from `estimate` on. BSSEval's figures are medians over frames of 1 s without the
    NaN ones. Infinite frames count here, although museval's own tables take them for NaN. An improvement is the
    difference of two medians. The mixture has no artefacts: its SAR of about 290 dB comes from rounding.

    Args:
        reference: the true source.
        mixture: the mixture, as long as the reference.
        estimates: the signals to score, by name.
        rate: of all signals, Hz.
        judge: gives the tag probabilities, which are NaN without it.
    """
    rows = {**estimates, "mixture": mixture, "silence": np.zeros_like(mixture)}
    framewise = bsseval(reference, mixture, list(rows.values()), rate)
    heard = judge.probabilities(list(rows.values()), mixture, rate) if judge else [math.nan] * len(rows)
    figures = {
        name: {**_figures(reference, estimate, values), "tag_probability": probability}
        for (name, estimate), values, probability in zip(rows.items(), framewise, heard, strict=True)
    }
    about_track = _about_track(reference, mixture, rate)
    # If the mixture is the source, its figures are rounding errors, and so are differences to them.
    baseline = figures["mixture"] if _has_company(reference, mixture) else dict.fromkeys(IMPROVED, math.nan)
    return [
        {
            "estimate": name,
            **figures[name],
            **{
                column.replace("_db", "_improvement_db"): figures[name][column] - baseline[column]
                for column in IMPROVED
            },
            "tag_probability_change": figures[name]["tag_probability"] - figures["mixture"]["tag_probability"],
            "reference": AS_GIVEN,
            "warning": "; ".join(about_track + _about_estimate(estimate)),
        }
        for name, estimate in rows.items()
    ]


def _figures(reference: Signal, estimate: Signal, framewise: NDArray[np.float64]) -> dict[str, float]:
    """All figures of one estimate; `framewise` are its BSSEval figures `[4, frames]`."""
    medians = (_median(values) for values in framewise)
    return {
        "si_sdr_db": si_sdr(reference, estimate),
        "snr_db": snr(reference, estimate),
        **{f"{name}_db": median for name, median in zip(FIGURES, medians, strict=True)},
        "frames": framewise.shape[1],
        "nan_frames": int(np.isnan(framewise[0]).sum()),
        "level_db": level_db(reference, estimate),
    }


def _about_track(reference: Signal, mixture: Signal, rate: int) -> list[str]:
    warnings = []
    if len(reference) < rate:
        warnings.append(f"shorter than 1 s: BSSEval over one frame of {len(reference) / rate:.3f} s")
    if not reference.any():
        warnings.append("the reference is silent: no figure in dB is defined")
    elif not _has_company(reference, mixture):
        warnings.append(
            f"the mixture is the source, all else lies {-COMPANY_DB:g} dB below it: improvements are undefined"
        )
        if np.array_equal(reference, mixture):
            warnings.append("it holds nothing else at all: BSSEval is undefined")
    return warnings


def _has_company(reference: Signal, mixture: Signal) -> bool:
    """Whether the mixture holds more than the source: a rest that is louder than `COMPANY_DB`."""
    return _db(_error(reference, mixture), _inner(reference, reference)) > COMPANY_DB


def _about_estimate(estimate: Signal) -> list[str]:
    return [] if estimate.any() else ["the estimate is silent: SI-SDR, SIR and SAR are undefined"]


def _median(values: NDArray[np.float64]) -> float:
    defined = values[~np.isnan(values)]
    return float(np.median(defined)) if len(defined) else math.nan


def _inner(a: Signal, b: Signal) -> float:
    return sum(float((x * y).sum()) for x, y in _blocks(a, b))


def _error(reference: Signal, estimate: Signal, scale: float = 1.0) -> float:
    return sum(float(np.square(scale * s - e).sum()) for s, e in _blocks(reference, estimate))


def _blocks(a: Signal, b: Signal) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Both signals in float64, block by block, so that no copy of the whole track is made."""
    for start in range(0, len(a), BLOCK):
        yield a[start : start + BLOCK].astype(np.float64), b[start : start + BLOCK].astype(np.float64)


def _db(numerator: float, denominator: float) -> float:
    if denominator == 0:
        return math.inf if numerator else math.nan
    return 10 * math.log10(numerator / denominator) if numerator else -math.inf
