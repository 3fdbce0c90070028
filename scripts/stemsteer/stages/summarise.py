"""Sum up the scores of all tracks: a summary of each run, and each run compared with every other one."""

from pathlib import Path

from stemsteer.scores.statistics import comparisons, summary
from stemsteer.scores.tables import read_scores, stem_estimates, write_table


def summarise(scores: Path, plan: Path, *, summary_out: Path, comparisons_out: Path) -> None:
    """Write the tables of the summary and of the comparisons.

    Args:
        scores: the table of all scores.
        plan: results/plan.json, which says which estimate is the stem of each run.
        summary_out: see `summary`.
        comparisons_out: see `comparisons`.
    """
    table = read_scores(scores)
    write_table(summary(table), summary_out)
    write_table(comparisons(table, stem_estimates(plan)), comparisons_out)
