"""Statistics over tracks: intervals against scipy and against what they promise, comparisons against counting."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from stemsteer.scores.metrics import COLUMNS
from stemsteer.scores.states import AS_GIVEN, DOUBTFUL, MOVED
from stemsteer.scores.statistics import (
    COMPARED,
    COMPARISON_COLUMNS,
    MEASURES,
    SUMMARY_COLUMNS,
    comparisons,
    interval,
    summary,
)
from stemsteer.scores.tables import TEXT, read_scores, write_table

Scored = tuple[str, str, str, str, float]

STEMS = {"a": "masked", "b": "residual"}


def table(*rows: Scored) -> pd.DataFrame:
    """Scores in which every figure of a row (run, track, source, estimate, value) is `value`."""
    figures = [column for column in COLUMNS if column not in TEXT]
    return pd.DataFrame(
        [[*names, *[value] * len(figures), AS_GIVEN, ""] for *names, value in rows], columns=list(COLUMNS)
    ).astype(dict.fromkeys(figures, float))


def of_tracks(run: str, values: Mapping[str, float], source: str = "drums", estimate: str = "masked") -> list[Scored]:
    return [(run, track, source, estimate, value) for track, value in values.items()]


def test_the_interval_is_scipys() -> None:
    values = np.random.default_rng(1).exponential(size=40)
    theirs = scipy.stats.bootstrap(
        (values,), np.mean, n_resamples=10_000, method="percentile", rng=np.random.default_rng(2)
    ).confidence_interval
    # What is left between two sets of resamples: a fiftieth of the interval.
    assert interval(values, np.arange(40)) == pytest.approx(tuple(theirs), abs=(theirs.high - theirs.low) / 50)


def test_the_interval_of_clusters_is_scipys_of_their_sums() -> None:
    random = np.random.default_rng(3)
    sizes = random.integers(1, 5, size=30)
    tracks = np.repeat(np.arange(30), sizes)
    values = random.standard_normal(30)[tracks] + 0.1 * random.standard_normal(len(tracks))
    theirs = scipy.stats.bootstrap(
        (np.bincount(tracks, values), sizes),
        lambda sums, counts, axis: sums.sum(axis) / counts.sum(axis),
        paired=True,
        method="percentile",
        rng=np.random.default_rng(4),
    ).confidence_interval
    assert interval(values, tracks) == pytest.approx(tuple(theirs), abs=(theirs.high - theirs.low) / 50)


def test_nineteen_of_twenty_intervals_hold_the_mean() -> None:
    # Sources of a track that are alike: 40 tracks with 4 sources each tell little more than 40 figures.
    random = np.random.default_rng(5)
    tracks = np.repeat(np.arange(40), 4)
    covered = as_if_independent = 0
    for _ in range(300):
        values = random.standard_normal(40)[tracks] + 0.3 * random.standard_normal(160)
        low, high = interval(values, tracks)
        covered += low < 0 < high
        half = 1.96 * values.std() / np.sqrt(160)
        as_if_independent += abs(values.mean()) < half
    # With 40 tracks the percentile interval is a little narrow: 94 %, give or take 1.4 %.
    assert 0.89 < covered / 300 < 0.98
    assert as_if_independent / 300 < 0.8


def test_the_interval_is_the_same_each_time_and_in_any_order() -> None:
    values, tracks = np.random.default_rng(6).standard_normal(20), np.arange(20)
    assert interval(values, tracks) == interval(values, tracks)
    assert interval(values[::-1], tracks[::-1]) == pytest.approx(interval(values, tracks), abs=1e-12)


@pytest.mark.parametrize("rows", [0, 1, 4])
def test_less_than_two_tracks_have_no_interval(rows: int) -> None:
    assert np.isnan(interval(np.arange(rows, dtype=float), np.zeros(rows, np.int64))).all()


def test_the_summary_counts_and_averages() -> None:
    scores = table(*of_tracks("a", {"1": 1, "2": 3, "3": 8}), *of_tracks("a", {"1": 4}, source="bass"))
    found = summary(scores)
    assert list(found.columns) == list(SUMMARY_COLUMNS)
    assert list(zip(found.source, found.tracks, found.undefined, strict=True)) == [
        ("drums", 3, 0),
        ("bass", 1, 0),
        ("all", 4, 0),
    ]
    for measure in MEASURES:
        assert found[f"{measure}_mean"].tolist() == pytest.approx([4, 4, 4])
        assert found[f"{measure}_median"].tolist() == pytest.approx([3, 4, 3.5])
        assert found[f"{measure}_low"][0] < 4 < found[f"{measure}_high"][0]
        assert np.isnan(found[f"{measure}_low"][1])
    # The rows of track 1 stay together: its mean is 2.5, whichever source is looked at.
    assert found[f"{MEASURES[0]}_low"][2] >= 2.5


def test_what_is_not_a_number_is_left_out_and_what_is_infinite_has_a_median_only() -> None:
    scores = table(*of_tracks("a", {"1": np.nan, "2": -np.inf, "3": -np.inf, "4": 2, "5": 6, "6": 7}))
    found = summary(scores).iloc[0]
    assert (found.tracks, found.undefined) == (3, 3)
    assert found.level_db_mean == 5
    assert found.level_db_median == 2
    silent = summary(table(*of_tracks("silence", {"1": -np.inf, "2": -np.inf}, estimate="silence"))).iloc[0]
    assert (silent.tracks, silent.undefined, silent.level_db_median) == (0, 2, -np.inf)
    assert np.isnan([silent.level_db_mean, silent.level_db_low, silent.level_db_high]).all()
    both = summary(table(*of_tracks("a", {"1": -np.inf, "2": np.inf}))).iloc[0]
    assert np.isnan(both.level_db_median)


def test_stems_are_compared_track_by_track() -> None:
    scores = table(
        *of_tracks("a", {"1": 1, "2": 5, "3": 2, "4": 9, "5": np.nan}),
        *of_tracks("a", {"1": 100, "2": 100}, estimate="residual"),
        *of_tracks("b", {"1": 100, "2": 100}),
        *of_tracks("b", {"3": 2, "2": 1, "1": 3, "5": 0}, estimate="residual"),
        *of_tracks("mixture", {"1": 0, "2": 0, "3": 0, "4": 0, "5": 0}, estimate="mixture"),
    )
    found = comparisons(scores, STEMS)
    assert list(found.columns) == list(COMPARISON_COLUMNS)
    of_drums = found[(found.source == "drums") & (found.measure == COMPARED[0])]
    pairs = of_drums[["run", "estimate", "against", "against_estimate"]].agg(tuple, axis=1).tolist()
    assert pairs == [
        ("a", "masked", "b", "residual"),
        ("a", "masked", "mixture", "mixture"),
        ("b", "residual", "mixture", "mixture"),
    ]
    first = of_drums.iloc[0]
    assert (first.tracks, first.wins, first.losses, first.ties) == (3, 1, 1, 1)
    assert first.difference_mean == pytest.approx((-2 + 4 + 0) / 3)
    assert first.difference_low == pytest.approx(-2)  # track 1 three times: once in 27
    assert first.difference_high == pytest.approx(4)
    assert set(found.measure) == set(COMPARED)
    assert set(found.source) == {"drums", "all"}


def test_rows_with_a_doubtful_reference_are_counted_and_left_out() -> None:
    scores = table(
        *of_tracks("a", {"1": 1, "2": 5, "3": 90, "4": np.nan}),
        *of_tracks("b", {"1": 2, "2": 4, "3": 80}, estimate="residual"),
    )
    scores.loc[scores.track == "3", "reference"] = DOUBTFUL
    scores.loc[scores.track == "1", "reference"] = MOVED
    found = summary(scores).iloc[0]
    assert (found.tracks, found.undefined, found.doubtful) == (2, 1, 1)
    assert (found.si_sdr_improvement_db_mean, found.si_sdr_improvement_db_median) == (3, 3)
    compared = comparisons(scores, STEMS).iloc[0]
    assert (compared.tracks, compared.wins, compared.losses, compared.doubtful) == (2, 1, 1, 1)
    assert compared.difference_mean == 0
    scores["reference"] = DOUBTFUL
    assert (summary(scores).iloc[0].tracks, summary(scores).iloc[0].doubtful) == (0, 4)
    assert np.isnan(summary(scores).iloc[0].si_sdr_improvement_db_mean)
    assert comparisons(scores, STEMS).iloc[0][["tracks", "doubtful"]].tolist() == [0, 3]


def test_a_difference_is_as_certain_as_it_is_alike_on_all_tracks() -> None:
    # Tracks differ by 10 dB, the runs by 1 dB on each of them: the paired interval does not see the former.
    random = np.random.default_rng(7)
    levels = dict(zip(map(str, range(30)), 10 * random.standard_normal(30), strict=True))
    scores = table(
        *of_tracks("a", {track: level + 1 for track, level in levels.items()}),
        *of_tracks("b", levels, estimate="residual"),
    )
    found = comparisons(scores, STEMS).iloc[0]
    assert (found.difference_low, found.difference_high) == pytest.approx((1, 1))
    assert found.wins == 30


def test_an_infinite_figure_wins_or_loses_and_has_no_difference() -> None:
    scores = table(
        *of_tracks("a", {"1": np.inf, "2": -np.inf, "3": -np.inf, "4": 1}),
        *of_tracks("b", {"1": 1, "2": 1, "3": -np.inf, "4": 0}, estimate="residual"),
    )
    found = comparisons(scores, STEMS).iloc[0]
    assert (found.tracks, found.wins, found.losses, found.ties) == (4, 2, 1, 1)
    assert found.difference_mean == 1


def test_runs_without_a_track_in_common_are_said_to_have_none() -> None:
    scores = table(*of_tracks("a", {"1": 1}), *of_tracks("b", {"2": 1}, estimate="residual"))
    found = comparisons(scores, STEMS)
    assert (found.tracks == 0).all()
    assert found.difference_mean.isna().all()


def test_a_source_that_a_run_lacks_is_not_compared() -> None:
    scores = table(
        *of_tracks("a", {"1": 1}),
        *of_tracks("a", {"1": 1}, source="bass"),
        *of_tracks("b", {"1": 0}, source="bass", estimate="residual"),
    )
    found = comparisons(scores, STEMS)
    assert list(found.source.unique()) == ["bass", "all"]


def test_names_stay_text(tmp_path: Path) -> None:
    names = {"007": 1.5, "NA": 2.0, "nan": 3.0, "": 0.0, "1e3": np.nan, 'a "b"': -np.inf}
    scores = table(*of_tracks("NA", names, source="null", estimate="None"))
    write_table(scores, tmp_path / "scores.tsv")
    read = read_scores(tmp_path / "scores.tsv")
    pd.testing.assert_frame_equal(read, scores)
    found = summary(read)
    assert found.source.tolist() == ["null", "all"]
    assert (found.run[0], found.estimate[0], found.tracks[0]) == ("NA", "None", 4)


def test_an_empty_table_gives_headings(tmp_path: Path) -> None:
    write_table(table(), tmp_path / "scores.tsv")
    scores = read_scores(tmp_path / "scores.tsv")
    for made, columns in ((summary(scores), SUMMARY_COLUMNS), (comparisons(scores, STEMS), COMPARISON_COLUMNS)):
        write_table(made, tmp_path / "made.tsv")
        assert (tmp_path / "made.tsv").read_text() == "\t".join(columns) + "\n"
