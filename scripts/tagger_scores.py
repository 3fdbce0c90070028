"""Read the notes of all scores that taggers are trained with."""

from pathlib import Path

from stemsteer.errors import told_in_log
from stemsteer.stages.tagger_clips import read_scores

if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        read_scores(Path(job.input.table), Path(job.input.packages[0]).parent, parts_out=Path(job.output[0]))
