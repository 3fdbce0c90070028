"""Gather the scores of all stems into one table."""

from collections.abc import Sequence
from pathlib import Path

from stemsteer.scores.tables import gather, write_table


def gather_scores(tables: Sequence[Path], *, scores_out: Path) -> None:
    """Write the rows of the tables of all stems as one table; see `gather`."""
    write_table(gather(tables), scores_out)
