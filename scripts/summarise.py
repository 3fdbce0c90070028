"""Sum up the scores of all tracks: a summary of each run, and each run compared with every other one."""

from pathlib import Path

from stemsteer.errors import told_in_log
from stemsteer.stages.summarise import summarise

if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        summarise(
            Path(job.input.scores),
            Path(job.input.plan),
            summary_out=Path(job.output.summary),
            comparisons_out=Path(job.output.comparisons),
        )
