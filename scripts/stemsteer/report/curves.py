"""Curves of how a steering went, step by step."""

import csv
import math
from collections import defaultdict
from pathlib import Path

from matplotlib.ticker import MaxNLocator

from stemsteer.report.pictures import BLUE, GREY, Axis, Picture, bare_plot, is_fresh, ticks, write_plot

FEWEST = 3
"""Steps that make a curve: what was heard before and after steering is told in figures."""


def draw_curves(history: Path, column: str, name: str, image: Path, floor: float | None = None) -> Picture | None:
    """Draw a column of a steering's history by step: each chunk a thin line, their mean a bold one.

    Args:
        history: table with the columns chunk, step and `column`.
        name: what the column holds.
        floor: lowest value on the axis; by default just below the lowest value of the data.

    Returns:
        None where the history holds finite values of fewer than three steps.
    """
    chunks = _read_chunks(history, column)
    mean = _mean(chunks)
    if len(mean) < FEWEST:
        return None
    values = [value for chunk in chunks for _, value in chunk]
    x_limits = (mean[0][0], mean[-1][0])
    x_ticks = MaxNLocator(nbins=6, integer=True).tick_values(*x_limits)
    y_ticks = MaxNLocator(nbins=4).tick_values(min(values) if floor is None else floor, max(values))
    y_limits = (float(y_ticks[0]), float(y_ticks[-1]))

    if not is_fresh(image, [history, Path(__file__)]):
        figure, axes = bare_plot(x_limits, y_limits, y_ticks[1:-1])
        for chunk in chunks if len(chunks) > 1 else []:
            axes.plot(*zip(*chunk, strict=True), color=GREY, alpha=0.7, linewidth=1.2)
        axes.plot(*zip(*mean, strict=True), color=BLUE, linewidth=3)
        write_plot(figure, image)
    of_chunks = f", mean of {len(chunks)} chunks" if len(chunks) > 1 else ""
    first, last = [f"{value:.3g} at step {step:g}" for step, value in (mean[0], mean[-1])]
    words = f"{name} by step{of_chunks}: {first}, {last}"
    return Picture(image, words, Axis("Step", ticks(x_ticks, x_limits)), Axis(name, ticks(y_ticks, y_limits)))


def _read_chunks(history: Path, column: str) -> list[list[tuple[float, float]]]:
    """One list of (step, value) for each chunk, without values that are not finite."""
    chunks: dict[str, list[tuple[float, float]]] = defaultdict(list)
    with history.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, dialect="excel-tab"):
            if math.isfinite(value := float(row[column])):
                chunks[row["chunk"]].append((float(row["step"]), value))
    return list(chunks.values())


def _mean(chunks: list[list[tuple[float, float]]]) -> list[tuple[float, float]]:
    """The mean of all chunks that have a value, step by step."""
    by_step: dict[float, list[float]] = defaultdict(list)
    for chunk in chunks:
        for step, value in chunk:
            by_step[step].append(value)
    return [(step, sum(values) / len(values)) for step, values in sorted(by_step.items())]
