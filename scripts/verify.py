"""Compare the scores of a finished run with stored ones; fail where they are not the same."""

import logging
from pathlib import Path
from typing import Any

from stemsteer.errors import UserError, told_in_log
from stemsteer.scores.tables import read_scores, write_table
from stemsteer.scores.verification import described, disagreement, verify

TOLD = 10
"""Rows that are named, the worst first; the table has all."""


def main(job: Any) -> None:
    table = verify(read_scores(Path(job.input.scores)), read_scores(Path(job.input.stored)), job.params.tolerance)
    write_table(table, Path(job.params.table))
    told = table[table.verdict != "same"]
    for _, row in told.head(TOLD).iterrows():
        logging.info(described(row))
    if wrong := disagreement(table, job.params.tolerance):
        raise UserError(f"{wrong}; {job.params.table} lists them, the worst first")
    logging.info("the scores are those of %s, within %g dB", job.input.stored, job.params.tolerance)


if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        main(job)
