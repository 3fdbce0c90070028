"""Gather the score tables of all stems into one tidy table."""

from pathlib import Path

import pandas as pd

from stemsteer.errors import told_in_log
from stemsteer.files import written_whole
from stemsteer.metrics import COLUMNS


def gather(tables: list[str], output: Path) -> None:
    """Concatenate score tables; without any (no track has references) the result is a heading alone."""
    # As text: a track may be called 007 or NA, and figures keep their digits.
    scores = [pd.read_csv(table, sep="\t", dtype=str, keep_default_na=False) for table in tables]
    filled = [table for table in scores if not table.empty]
    with written_whole(output) as part:
        (pd.concat(filled) if filled else pd.DataFrame(columns=COLUMNS)).to_csv(part, sep="\t", index=False)


if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        gather(list(job.input), Path(job.output[0]))
