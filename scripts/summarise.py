"""Sum up the scores of all tracks: a summary of each run, and each run compared with every other one."""

from pathlib import Path

from stemsteer.errors import told_in_log
from stemsteer.scores.statistics import comparisons, summary
from stemsteer.scores.tables import read_scores, stem_estimates, write_table


def summarise(scores: Path, plan: Path, summary_table: Path, comparisons_table: Path) -> None:
    """Write both tables; the `plan` says which estimate is the stem of each run."""
    table = read_scores(scores)
    write_table(summary(table), summary_table)
    write_table(comparisons(table, stem_estimates(plan)), comparisons_table)


if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        summarise(*map(Path, (job.input.scores, job.input.plan, job.output.summary, job.output.comparisons)))
