"""Compare a table of scores with a stored one: does a finished run have the scores that it had before?"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stemsteer.errors import UserError
from stemsteer.scores.tables import KEY

FIGURES = ("si_sdr_db", "snr_db", "sdr_db", "isr_db", "sir_db", "sar_db", "level_db", "tag_probability")
"""Compared figures. Improvements and changes are not compared: they are differences of these."""

PROBABILITY_TOLERANCE = 0.01
"""The largest difference allowed in a tag probability. For figures in dB the config sets it."""

LARGEST = 100.0
"""Figures beyond this, in dB, are rounding errors: the mixture has no artefacts, and an SAR of about 290 dB."""

VERDICTS = ("moved", "missing", "new", "same")
"""Verdicts about a row, the worst first."""
COLUMNS = (*KEY, "verdict", "figure", "stored", "found", "difference")

Array = NDArray[np.float64]


def verify(found: pd.DataFrame, stored: pd.DataFrame, tolerance: float) -> pd.DataFrame:
    """A row for each row of either table, the worst first. The columns are `COLUMNS`.

    - `verdict`: `moved` if a figure in dB differs by more than `tolerance`, or the tag probability by more than its own
      tolerance; `missing` if only the stored table has the row; `new` if only the found table has it; otherwise `same`.
    - `figure`: the one that exceeds its tolerance most.
    - `stored` and `found`: its values.
    - `difference`: between these; infinite if the figure is defined in one table only.

    Raises:
        UserError: the stored table is not a table of scores, is empty, or has a row twice.
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
    """The differences in a table of `verify` as a sentence, None if there are none. New rows are no difference."""
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
    """The difference of each figure; 0 if it is undefined in both tables, infinite if it is in one."""
    defined = ~np.isnan(before), ~np.isnan(now)
    moves = np.abs(np.clip(now, -LARGEST, LARGEST) - np.clip(before, -LARGEST, LARGEST))
    return np.where(defined[0] & defined[1], moves, np.where(defined[0] != defined[1], np.inf, 0.0))
