"""Gather the score tables of all stems into one tidy table."""

from pathlib import Path

from stemsteer.errors import told_in_log
from stemsteer.scores import tables as score_tables


def gather(tables: list[str], output: Path) -> None:
    """Write the rows of all `tables`; see `stemsteer.score_tables.gather`."""
    score_tables.write_table(score_tables.gather(tables), output)


if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        gather(list(job.input), Path(job.output[0]))
