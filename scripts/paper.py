"""Set our scores beside those of the TagBox paper."""

from pathlib import Path

from stemsteer.errors import told_in_log
from stemsteer.stages.paper import compare_with_paper

if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        compare_with_paper(
            Path(job.input.scores),
            Path(job.input.plan),
            Path(job.input.published),
            job.params.taggers,
            job.params.unlike,
            job.params.music,
            table_out=Path(job.output[0]),
        )
