"""Whether a finished run scores what it scored before: its table of scores against a stored one."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stemsteer.errors import UserError
from stemsteer.scores.tables import KEY

FIGURES = ("si_sdr_db", "snr_db", "sdr_db", "isr_db", "sir_db", "sar_db", "level_db", "tag_probability")
"""Compared figures; improvements and changes are differences of these."""

PROBABILITY_TOLERANCE = 0.01
"""By which a tag probability may differ; figures in dB have a tolerance that is set."""

LARGEST = 100.0
"""dB beyond which a figure is rounding: the mixture, which has no artefacts, has an SAR of some 290 dB."""

VERDICTS = ("moved", "missing", "new", "same")
"""The worst first."""
COLUMNS = (*KEY, "verdict", "figure", "stored", "found", "difference")

Array = NDArray[np.float64]


def verify(found: pd.DataFrame, stored: pd.DataFrame, tolerance: float) -> pd.DataFrame:
    """A row for each row of either table, those that moved furthest first; the columns are `COLUMNS`.

    `figure` is the one that moved furthest beyond what it may, `stored` and `found` its values, `difference` how far it
    moved: infinitely where it is defined in one table only. A row has `moved` where a figure in dB did by more than
    `tolerance`, or the tag probability by more than its own; it is `missing` where only the stored table has it, `new`
    where it does not, and the `same` otherwise.

    Raises:
        UserError: the stored table is none of scores, or holds nothing, or a row twice.
    """
    figures = _compared(found, stored)
    both = stored.merge(found, on=KEY, how="outer", suffixes=("_stored", "_found"), indicator="side")
    before, now = (both[[f"{figure}_{table}" for figure in figures]].to_numpy() for table in ("stored", "found"))
    moves = _moves(before, now)
    beyond = moves - [tolerance if _in_db(figure) else PROBABILITY_TOLERANCE for figure in figures]
    rows, most = np.arange(len(both)), beyond.argmax(axis=1)
    moved = beyond[rows, most] > 0
    cases = {"missing": both.side == "left_only", "new": both.side == "right_only", "moved": moved}
    verdicts = np.select(list(cases.values()), list(cases), "same")
    table = both[KEY].assign(
        verdict=pd.Categorical(verdicts, VERDICTS, ordered=True),
        figure=np.array(figures)[most],
        stored=before[rows, most],
        found=now[rows, most],
        difference=moves[rows, most],
    )
    return table.sort_values(["verdict", "difference"], ascending=[True, False], kind="stable", ignore_index=True)


def disagreement(table: pd.DataFrame, tolerance: float) -> str | None:
    """What a table of `verify` finds wrong, in a sentence; rows that are new are no mistake."""
    counts = table.verdict.value_counts()
    moved, missing = int(counts.get("moved", 0)), int(counts.get("missing", 0))
    if not moved and not missing:
        return None
    stored = len(table) - int(counts.get("new", 0))
    wrong = []
    if moved:
        allowed = f"{tolerance:g} dB (tag probabilities: {PROBABILITY_TOLERANCE:g})"
        wrong.append(f"{moved} of {stored} rows moved by more than {allowed}")
    if missing:
        wrong.append(f"{missing} of {stored} rows are missing")
    return f"the scores are not those that are stored: {' and '.join(wrong)}"


def described(row: "pd.Series[Any]") -> str:
    """A row of `verify` in words."""
    name = " / ".join(str(row[column]) for column in KEY)
    if row["verdict"] != "moved":
        return f"{row['verdict']}: {name}"
    digits, unit = (2, " dB") if _in_db(row["figure"]) else (3, "")
    return f"moved: {name}: {row['figure']} from {row['stored']:.{digits}f} to {row['found']:.{digits}f}{unit}"


def _in_db(figure: str) -> bool:
    return figure.endswith("_db")


def _compared(found: pd.DataFrame, stored: pd.DataFrame) -> list[str]:
    figures = [figure for figure in FIGURES if figure in stored and figure in found]
    if stored.empty or not figures or not set(KEY) <= set(stored):
        raise UserError("config: verify.table: that is no table of scores with rows; give a copy of results/scores.tsv")
    if stored.duplicated(KEY).any():
        raise UserError("config: verify.table: a row is there twice; give a copy of results/scores.tsv")
    return figures


def _moves(before: Array, now: Array) -> Array:
    """How far each figure moved: not at all where it is undefined in both tables."""
    defined = ~np.isnan(before), ~np.isnan(now)
    moves = np.abs(np.clip(now, -LARGEST, LARGEST) - np.clip(before, -LARGEST, LARGEST))
    return np.where(defined[0] & defined[1], moves, np.where(defined[0] != defined[1], np.inf, 0.0))
