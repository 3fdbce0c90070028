"""Statistics of the scores of many tracks: a summary of each run, and a comparison of runs, track by track.

Intervals are 95 % percentile intervals of the mean from 10,000 seeded bootstrap resamples (Efron and Tibshirani, "An
Introduction to the Bootstrap", 1993, chapter 13). Tracks are drawn, with replacement. The sources of one track are not
independent, so the rows of a track stay together when all sources are counted (a cluster bootstrap; Davison and
Hinkley, "Bootstrap Methods and their Application", 1997, section 3.8). A single track has no interval: its bounds are
NaN.

NaN figures are undefined, and are left out everywhere. Infinite figures (the level of a silent estimate is minus
infinity) are left out of means and intervals, and counted in medians, wins and losses. Rows whose reference is doubtful
are left out of everything, and counted.
"""

from collections.abc import Mapping
from functools import lru_cache
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stemsteer.scores.trust import is_doubtful

MEASURES = (
    "si_sdr_improvement_db",
    "snr_improvement_db",
    "sdr_improvement_db",
    "level_db",
    "tag_probability_change",
)
"""Figures of the summary. A row counts as defined where the first one is finite."""

COMPARED = ("si_sdr_db", "snr_db", "sdr_db")
"""Figures of the comparisons."""

ALL = "all"
"""The name in the column `source` of rows over all sources."""

STATISTICS = ("mean", "median", "low", "high")
SUMMARY_COLUMNS = (
    *("source", "run", "estimate", "tracks", "undefined", "doubtful"),
    *(f"{measure}_{statistic}" for measure in MEASURES for statistic in STATISTICS),
)
COMPARISON_COLUMNS = (
    *("source", "measure", "run", "estimate", "against", "against_estimate", "tracks"),
    *("difference_mean", "difference_low", "difference_high", "wins", "losses", "ties", "doubtful"),
)

RESAMPLES = 10_000
CONFIDENCE = 0.95
SEED = 0

Array = NDArray[np.float64]


def summary(scores: pd.DataFrame) -> pd.DataFrame:
    """A row for each source, run and estimate, then for all sources together; columns are `SUMMARY_COLUMNS`.

    `tracks` counts the rows whose SI-SDR improvement is a finite number, `doubtful` those whose reference is doubtful,
    and `undefined` the others. Over all sources a track counts once for each of its sources.
    """
    rows = [
        {"source": source, "run": run, "estimate": estimate, **_summary_of(group)}
        for source, of_source in _by_source(scores)
        for (run, estimate), group in of_source.groupby(["run", "estimate"], sort=False)
    ]
    return pd.DataFrame(rows, columns=list(SUMMARY_COLUMNS))


def comparisons(scores: pd.DataFrame, stems: Mapping[str, str]) -> pd.DataFrame:
    """The stem of each run compared with that of each later run, over the tracks that both have.

    The columns are `COMPARISON_COLUMNS`; `doubtful` counts the pairs that are left out.

    Args:
        scores: the table of all scores; the comparisons have its order of runs.
        stems: the estimate that is the stem, for each run with several estimates.
    """
    compared = scores[scores.estimate == scores.run.map(stems).fillna(scores.estimate)]
    estimates = compared.drop_duplicates("run").set_index("run").estimate
    rows = []
    for source, of_source in _by_source(compared):
        doubted = is_doubtful(of_source.drop_duplicates(["track", "source"]).set_index(["track", "source"]))
        for measure in COMPARED:
            wide = of_source.pivot(index=["track", "source"], columns="run", values=measure)
            doubtful = doubted.reindex(wide.index)
            present = [run for run in estimates.index if run in wide]
            for run, against in combinations(present, 2):
                names = {"source": source, "measure": measure}
                names |= {"run": run, "estimate": estimates[run]}
                names |= {"against": against, "against_estimate": estimates[against]}
                left_out = int(wide.loc[doubtful, [run, against]].notna().all(axis=1).sum())
                found = _comparison_of(wide.loc[~doubtful, run], wide.loc[~doubtful, against])
                rows.append({**names, **found, "doubtful": left_out})
    return pd.DataFrame(rows, columns=list(COMPARISON_COLUMNS))


def interval(values: Array, tracks: NDArray[np.int64]) -> tuple[float, float]:
    """Bootstrap interval of the mean of `values` `[rows]`; resamples draw from their `tracks` `[rows]`."""
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
    """The number of times that each resample draws each track: `[resamples, tracks]`."""
    random = np.random.default_rng([SEED, tracks])
    return random.multinomial(tracks, np.full(tracks, 1 / tracks), size=RESAMPLES).astype(np.float64)


def _by_source(scores: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """The rows of each source, in the order of the table, and then all rows."""
    if scores.empty:
        return []
    return [*((str(source), rows) for source, rows in scores.groupby("source", sort=False)), (ALL, scores)]


def _summary_of(group: pd.DataFrame) -> dict[str, float]:
    rows = group[~is_doubtful(group)]
    defined = int(np.isfinite(rows[MEASURES[0]]).sum())
    found: dict[str, float] = {"tracks": defined, "undefined": len(rows) - defined, "doubtful": len(group) - len(rows)}
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
    # The median of minus and plus infinity is NaN.
    with np.errstate(invalid="ignore"):
        return float(np.median(numbers)) if len(numbers) else np.nan


def _comparison_of(figures: "pd.Series[float]", against: "pd.Series[float]") -> dict[str, float]:
    """The statistics of the differences between two runs' figures, which are indexed by track and source."""
    ours, theirs = figures.to_numpy(np.float64), against.to_numpy(np.float64)
    # A comparison with NaN is none of the three.
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
