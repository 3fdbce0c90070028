"""Compare the scores of a finished run with stored ones; fail where they are not the same."""

from pathlib import Path

from stemsteer.errors import told_in_log
from stemsteer.stages.verify import verify_scores

if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        verify_scores(
            Path(job.input.scores), Path(job.params.stored), job.params.tolerance, table_out=Path(job.params.table)
        )
