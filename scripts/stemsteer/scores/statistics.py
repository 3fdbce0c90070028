"""What the scores of many tracks say together: a summary of each run, and runs compared track by track.

Intervals are 95 % percentile intervals of the mean from 10,000 seeded bootstrap resamples (Efron and Tibshirani, "An
Introduction to the Bootstrap", 1993, chapter 13). What is drawn, with replacement, are tracks: sources of one track are
not independent, so that over all sources the rows of a track stay together (a cluster bootstrap; Davison and Hinkley,
"Bootstrap Methods and their Application", 1997, section 3.8). A single track has no interval: its bounds are NaN.

Figures that are no finite numbers: NaN is undefined, and left out everywhere. An infinite figure (the level of a silent
estimate is minus infinity) has no mean: means and intervals leave it out, medians, wins and losses count it.
"""

from collections.abc import Mapping
from functools import lru_cache
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

MEASURES = (
    "si_sdr_improvement_db",
    "snr_improvement_db",
    "sdr_improvement_db",
    "level_db",
    "tag_probability_change",
)
"""Summarised figures; the first one says which rows count as defined."""

COMPARED = ("si_sdr_db", "snr_db", "sdr_db")
"""Figures by which runs are compared."""

ALL = "all"
"""Stands for all sources together."""

STATISTICS = ("mean", "median", "low", "high")
SUMMARY_COLUMNS = (
    *("source", "run", "estimate", "tracks", "undefined"),
    *(f"{measure}_{statistic}" for measure in MEASURES for statistic in STATISTICS),
)
COMPARISON_COLUMNS = (
    *("source", "measure", "run", "estimate", "against", "against_estimate", "tracks"),
    *("difference_mean", "difference_low", "difference_high", "wins", "losses", "ties"),
)

RESAMPLES = 10_000
CONFIDENCE = 0.95
SEED = 0

Array = NDArray[np.float64]


def summary(scores: pd.DataFrame) -> pd.DataFrame:
    """A row for each source, run and estimate, then for all sources together; columns are `SUMMARY_COLUMNS`.

    `tracks` counts the rows whose SI-SDR improvement is a finite number, `undefined` the others; over all sources a
    track has as many rows as sources.
    """
    rows = [
        {"source": source, "run": run, "estimate": estimate, **_summary_of(group)}
        for source, of_source in _by_source(scores)
        for (run, estimate), group in of_source.groupby(["run", "estimate"], sort=False)
    ]
    return pd.DataFrame(rows, columns=list(SUMMARY_COLUMNS))


def comparisons(scores: pd.DataFrame, stems: Mapping[str, str]) -> pd.DataFrame:
    """Each run's stem against that of every run after it, over the tracks that both have; see `COMPARISON_COLUMNS`.

    Args:
        scores: the table of all scores; the order of its runs is that of the comparisons.
        stems: which estimate is the stem, of those runs that have several.
    """
    compared = scores[scores.estimate == scores.run.map(stems).fillna(scores.estimate)]
    estimates = compared.drop_duplicates("run").set_index("run").estimate
    rows = []
    for source, of_source in _by_source(compared):
        for measure in COMPARED:
            wide = of_source.pivot(index=["track", "source"], columns="run", values=measure)
            present = [run for run in estimates.index if run in wide]
            for run, against in combinations(present, 2):
                names = {"source": source, "measure": measure}
                names |= {"run": run, "estimate": estimates[run]}
                names |= {"against": against, "against_estimate": estimates[against]}
                rows.append({**names, **_comparison_of(wide[run], wide[against])})
    return pd.DataFrame(rows, columns=list(COMPARISON_COLUMNS))


def interval(values: Array, tracks: NDArray[np.int64]) -> tuple[float, float]:
    """Bootstrap interval of the mean of `values` `[rows]`, resampled by the `tracks` `[rows]` that they belong to."""
    _, place = np.unique(tracks, return_inverse=True)
    sums, counts = np.bincount(place, weights=values), np.bincount(place)
    if len(sums) < 2:
        return np.nan, np.nan
    drawn = _resamples(len(sums))
    means = drawn @ sums / (drawn @ counts.astype(np.float64))
    low, high = np.quantile(means, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)


@lru_cache(maxsize=4)
def _resamples(tracks: int) -> Array:
    """How often each track is drawn in each resample: `[resamples, tracks]`."""
    random = np.random.default_rng([SEED, tracks])
    return random.multinomial(tracks, np.full(tracks, 1 / tracks), size=RESAMPLES).astype(np.float64)


def _by_source(scores: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """The rows of each source, in the order of the table, and last all of them."""
    if scores.empty:
        return []
    return [*((str(source), rows) for source, rows in scores.groupby("source", sort=False)), (ALL, scores)]


def _summary_of(rows: pd.DataFrame) -> dict[str, float]:
    defined = int(np.isfinite(rows[MEASURES[0]]).sum())
    found: dict[str, float] = {"tracks": defined, "undefined": len(rows) - defined}
    for measure in MEASURES:
        values = rows[measure].to_numpy(np.float64)
        finite = np.isfinite(values)
        mean, low, high = _mean(values[finite], _numbers(rows.track)[finite])
        statistics = (mean, _median(values), low, high)
        found |= {f"{measure}_{name}": value for name, value in zip(STATISTICS, statistics, strict=True)}
    return found


def _mean(values: Array, tracks: NDArray[np.int64]) -> tuple[float, float, float]:
    """The mean of finite `values`, and its interval."""
    return (float(values.mean()) if len(values) else np.nan, *interval(values, tracks))


def _median(values: Array) -> float:
    numbers = values[~np.isnan(values)]
    # Between minus and plus infinity there is none: NaN.
    with np.errstate(invalid="ignore"):
        return float(np.median(numbers)) if len(numbers) else np.nan


def _comparison_of(figures: "pd.Series[float]", against: "pd.Series[float]") -> dict[str, float]:
    """What the differences of two runs' figures, indexed by track and source, come to."""
    ours, theirs = figures.to_numpy(np.float64), against.to_numpy(np.float64)
    # A comparison with NaN is neither.
    wins, losses, ties = (int(how.sum()) for how in (ours > theirs, ours < theirs, ours == theirs))
    finite = np.isfinite(ours) & np.isfinite(theirs)
    mean, low, high = _mean(ours[finite] - theirs[finite], _numbers(figures.index.get_level_values("track"))[finite])
    return {
        "tracks": wins + losses + ties,
        "difference_mean": mean,
        "difference_low": low,
        "difference_high": high,
        "wins": wins,
        "losses": losses,
        "ties": ties,
    }


def _numbers(tracks: "pd.Series[str] | pd.Index[str]") -> NDArray[np.int64]:
    """A number for each name, the same for the same name."""
    return pd.factorize(tracks)[0]
