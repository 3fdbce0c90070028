"""Measure what a trained tagger hears in stems of music that it never saw."""

from pathlib import Path

from stemsteer.errors import told_in_log
from stemsteer.stages.tagger_evaluation import evaluate_tagger

if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        evaluate_tagger(
            Path(job.input.weights), [Path(path) for path in job.input.stems], table_out=Path(job.output[0])
        )
