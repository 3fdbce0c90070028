"""Write, read and gather tables of scores: tab-separated files with the columns of `COLUMNS` in metrics.py."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from stemsteer.files import read_json, written_whole
from stemsteer.scores.metrics import COLUMNS, FOR_COMPARISON, Row

TEXT = ("run", "track", "source", "estimate", "reference", "warning")
KEY = ["run", "track", "source", "estimate"]
"""The columns that identify a row."""


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table: figures with six digits after the point, `nan` for undefined ones."""
    with written_whole(path) as part:
        table.to_csv(part, sep="\t", index=False, float_format="%.6f", na_rep="nan")


def write_scores(rows: Sequence[Row], names: Mapping[str, str], path: Path) -> None:
    """Write the rows of one stem; `names` are its run, track and source."""
    write_table(pd.DataFrame([{**names, **row} for row in rows], columns=list(COLUMNS)), path)


def read_scores(path: Path) -> pd.DataFrame:
    """Read a table of scores: figures as numbers, and names as text even if they look like 007, NA or nan."""
    table = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
    return table.astype({column: float for column in table if column not in TEXT})


def stem_estimates(plan: Path) -> dict[str, str]:
    """For each run in results/plan.json, the name of the estimate that is its stem."""
    return {name: run["parts"][0] for name, run in read_json(plan)["runs"].items()}


def gather(paths: Sequence[str | Path]) -> pd.DataFrame:
    """The tables of all stems as one table, in which everything is text, so that figures keep their digits.

    Every stem's table has rows of the mixture and of silence. Here they come last, once for each track and source, as
    if they were runs. Without any table (if no track has references) the result has columns and no rows.
    """
    read = [pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False) for path in paths]
    scores = pd.concat([pd.DataFrame(columns=list(COLUMNS)), *read])
    compared = scores.estimate.isin(FOR_COMPARISON)
    beside = scores[compared].drop_duplicates(["track", "source", "estimate"])
    by_estimate = [beside[beside.estimate == estimate].assign(run=estimate) for estimate in FOR_COMPARISON]
    return pd.concat([scores[~compared], *by_estimate], ignore_index=True)
