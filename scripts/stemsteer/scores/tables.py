"""Tables of scores: tab-separated files with the columns of `stemsteer.metrics.COLUMNS`, written, read and gathered."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from stemsteer.files import read_json, written_whole
from stemsteer.scores.metrics import COLUMNS, FOR_COMPARISON, Row

TEXT = ("run", "track", "source", "estimate", "warning")
KEY = ["run", "track", "source", "estimate"]
"""What identifies a row."""


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table as all of them are written: figures with six digits after the point, `nan` for undefined ones."""
    with written_whole(path) as part:
        table.to_csv(part, sep="\t", index=False, float_format="%.6f", na_rep="nan")


def write_scores(rows: Sequence[Row], names: Mapping[str, str], path: Path) -> None:
    """Write the rows of one stem, each with its `names` (run, track, source)."""
    write_table(pd.DataFrame([{**names, **row} for row in rows], columns=list(COLUMNS)), path)


def read_scores(path: Path) -> pd.DataFrame:
    """Read a table of scores: names as text, whatever they look like (007, NA, nan), figures as numbers."""
    table = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
    return table.astype({column: float for column in table if column not in TEXT})


def stem_estimates(plan: Path) -> dict[str, str]:
    """For each run of results/plan.json the estimate that it calls its stem."""
    return {name: run["parts"][0] for name, run in read_json(plan)["runs"].items()}


def gather(paths: Sequence[str | Path]) -> pd.DataFrame:
    """The tables of all stems as one, everything as text, so that figures keep their digits.

    The mixture and silence, which stand beside every stem, stand last and once for each track and source, as runs of
    their own. Without any table (no track has references) the result is a heading alone.
    """
    read = [pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False) for path in paths]
    scores = pd.concat([pd.DataFrame(columns=list(COLUMNS)), *read])
    compared = scores.estimate.isin(FOR_COMPARISON)
    beside = scores[compared].drop_duplicates(["track", "source", "estimate"])
    by_estimate = [beside[beside.estimate == estimate].assign(run=estimate) for estimate in FOR_COMPARISON]
    return pd.concat([scores[~compared], *by_estimate], ignore_index=True)
