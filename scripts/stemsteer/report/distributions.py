"""Pictures of how the scores are distributed: every track a dot, for each source and each run or baseline.

They stand on the page and in Snakemake's own report.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from stemsteer.report.files import Row
from stemsteer.report.tables import number
from stemsteer.report.written_plan import WrittenPlan
from stemsteer.scores.states import DOUBTFUL
from stemsteer.svg import BLUE, FAINT, INK, ORANGE, plain, write_svg

COLUMNS = 2
WIDTH_IN, ROW_IN, AROUND_IN = 11.0, 0.26, 1.0
BOXED = 4
"""Tracks from which on they have a box: of fewer, the dots say more."""
SEED = 0
"""Of the scatter of the dots across their row, which means nothing."""


@dataclass(frozen=True)
class Distribution:
    """One figure of the scores and how its picture is named and lettered."""

    name: str
    column: str
    label: str
    zero: str
    """What a figure of 0 stands for."""


DISTRIBUTIONS = [
    Distribution("distributions", "si_sdr_improvement_db", "SI-SDR improvement (dB)", "the mixture"),
    Distribution("levels", "level_db", "Level of the estimate against the reference (dB)", "as loud as the reference"),
    Distribution("tags", "tag_probability_change", "Change of tag probability, as the judge hears it", "the mixture"),
]


def compared(plan: WrittenPlan) -> list[tuple[str, str]]:
    """What is set side by side, as (run, estimate): the stem of every run, and every baseline.

    A baseline has one estimate, so that its name does not matter: it is empty here.
    """
    return [*((name, run["parts"][0]) for name, run in plan.runs.items()), *((name, "") for name in plan.baselines)]


def figures_of(scores: Sequence[Row], source: str, run: str, estimate: str, column: str) -> NDArray[np.float64]:
    """The finite figures of a run's estimate, or of all its estimates where none is named; no doubtful ones."""
    trusted = (row for row in scores if row.get("reference") != DOUBTFUL)
    rows = (row for row in trusted if row["source"] == source and row["run"] == run)
    figures = np.array([number(row.get(column)) for row in rows if estimate in ("", row["estimate"])], np.float64)
    return figures[np.isfinite(figures)]


def draw_distribution(distribution: Distribution, plan: WrittenPlan, scores: Sequence[Row], image: Path) -> None:
    """Draw one panel for each source, and in it a row of dots for each run and baseline, over their box.

    The box reaches from the lower to the upper quartile, its line is the median; fewer than four tracks have none.
    Where no score is defined the picture says so.
    """
    runs = compared(plan)
    sources = sorted({row["source"] for row in scores})
    values = {source: [figures_of(scores, source, *run, distribution.column) for run in runs] for source in sources}
    drawn = {source: rows for source, rows in values.items() if any(len(row) for row in rows)}
    lines = math.ceil(len(drawn) / COLUMNS) or 1
    # A $ in a run's name is a $.
    with matplotlib.rc_context({"text.parse_math": False}):
        height = lines * (ROW_IN * len(runs) + AROUND_IN)
        figure = Figure(figsize=(WIDTH_IN, height), layout="constrained")
        if not drawn:
            figure.text(0.5, 0.5, "No score is defined", color=INK, ha="center", va="center")
        else:
            panels = figure.subplots(lines, min(COLUMNS, len(drawn)), sharex=True, sharey=True, squeeze=False).ravel()
            for panel, (source, rows) in zip(panels, drawn.items(), strict=False):
                _draw_panel(panel, source, runs, rows, len(plan.runs))
            for panel in panels[len(drawn) :]:
                panel.set_axis_off()
            figure.supxlabel(f"{distribution.label}; 0: {distribution.zero}", color=INK, fontsize=10)
        write_svg(figure, image, salt=distribution.name)


def _draw_panel(
    axes: Axes, source: str, runs: Sequence[tuple[str, str]], rows: Sequence[NDArray[np.float64]], steered: int
) -> None:
    random = np.random.default_rng(SEED)
    axes.axvline(0, color=INK, linewidth=1)
    for place, values in enumerate(rows):
        colour = BLUE if place < steered else ORANGE
        across = place + random.uniform(-0.26, 0.26, len(values))
        size = max(9, 36 / max(1, len(values)))
        # As pixels: ten thousand dots would be a megabyte of SVG.
        axes.scatter(values, across, s=size, color=colour, alpha=0.6, linewidths=0, rasterized=True)
        if len(values) >= BOXED:
            low, middle, high = np.quantile(values, (0.25, 0.5, 0.75))
            axes.barh(place, high - low, left=low, height=0.72, color=colour, alpha=0.25)
            axes.plot([middle, middle], [place - 0.36, place + 0.36], color=INK, linewidth=3)
    axes.set_title(source, loc="left", color=INK, fontsize=11, fontweight="bold")
    axes.set_yticks(range(len(runs)), [run for run, _ in runs])
    axes.set_ylim(len(runs) - 0.4, -0.6)
    axes.tick_params(labelbottom=True)
    axes.grid(axis="x", color=FAINT, linewidth=0.8)
    axes.set_axisbelow(True)
    plain(axes)
