"""Unpack the MUSDB18 excerpt in the package stempeg: four sources and their sum."""

from pathlib import Path

from stemsteer.errors import told_in_log
from stemsteer.stages.falcon69 import STREAMS, unpack_falcon69

if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        unpack_falcon69(
            mixture_out=Path(job.output.mixture), sources_out={source: Path(job.output[source]) for source in STREAMS}
        )
