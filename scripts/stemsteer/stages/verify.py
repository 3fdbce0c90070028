"""Compare the scores of a finished run with stored ones."""

import logging
from pathlib import Path

from stemsteer.errors import UserError
from stemsteer.scores.tables import read_scores, write_table
from stemsteer.scores.verification import described, disagreement, verify

LOGGED = 10
"""Rows that the log names, the worst first; the table has all rows."""


def verify_scores(scores: Path, stored: Path, tolerance_db: float, *, table_out: Path) -> None:
    """Write a table of all differences, and log the largest ones.

    Args:
        scores: the table of all scores.
        stored: the table to compare with.
        tolerance_db: how far a figure in dB may differ.
        table_out: see `verify`; it is written before an error is raised, too.

    Raises:
        UserError: the scores are not those that are stored, or the stored table is none of scores.
    """
    table = verify(read_scores(scores), read_scores(stored), tolerance_db)
    write_table(table, table_out)
    for _, row in table[table.verdict != "same"].head(LOGGED).iterrows():
        logging.info(described(row))
    if wrong := disagreement(table, tolerance_db):
        raise UserError(f"{wrong}; {table_out} lists them, the worst first")
    logging.info("the scores are those of %s, within %g dB", stored, tolerance_db)
