"""Draw how the scores are distributed: as a job of the workflow, and over what there is when jobs have failed."""

from pathlib import Path

from stemsteer.errors import told_in_log
from stemsteer.report.collect import Plan, read_table
from stemsteer.report.distributions import DISTRIBUTIONS, draw_distribution


def draw_figures(plan: Path, scores: Path, folder: Path) -> None:
    """Draw all distributions of a table of scores into a folder."""
    rows = read_table(scores)
    for distribution in DISTRIBUTIONS:
        draw_distribution(distribution, Plan.read(plan), rows, folder / f"{distribution.name}.svg")


if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        draw_figures(Path(job.input.plan), Path(job.input.scores), Path(job.output[0]).parent)
