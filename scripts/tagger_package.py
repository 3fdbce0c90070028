"""Fetch a package of scores or of instruments for the training of taggers."""

from pathlib import Path

from stemsteer.errors import told_in_log
from stemsteer.stages.tagger_package import fetch_package

if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        fetch_package(Path(job.input.table), job.wildcards.package, folder_out=Path(job.output[0]))
