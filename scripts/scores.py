"""Gather the score tables of all stems into one table."""

from pathlib import Path

from stemsteer.errors import told_in_log
from stemsteer.stages.scores import gather_scores

if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        gather_scores([Path(table) for table in job.input], scores_out=Path(job.output[0]))
