"""Fetch the weights of a model and verify them; jobs on compute nodes never download."""

from pathlib import Path

from stemsteer.errors import told_in_log
from stemsteer.stages.model import fetch_model

if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        fetch_model(job.wildcards.model, link_out=Path(job.output[0]))
