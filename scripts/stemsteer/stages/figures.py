"""Draw how the scores are distributed."""

from pathlib import Path

from stemsteer.report.distributions import DISTRIBUTIONS, draw_distribution
from stemsteer.report.files import read_table
from stemsteer.report.written_plan import WrittenPlan


def draw_figures(plan: Path, scores: Path, *, folder_out: Path) -> None:
    """Draw all distributions of the scores, each as `<name>.svg` in a folder.

    Args:
        plan: results/plan.json.
        scores: the table of all scores.
        folder_out: the folder of the figures.
    """
    rows = read_table(scores)
    for distribution in DISTRIBUTIONS:
        draw_distribution(distribution, WrittenPlan.read(plan), rows, folder_out / f"{distribution.name}.svg")
