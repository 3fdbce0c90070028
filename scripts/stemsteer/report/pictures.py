"""What pictures of the data alone share: they have no lettering, and are drawn again only when what they show changes.

The page writes the axes around them in its own type, so they stay sharp, follow light and dark, and can be read aloud.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stemsteer.files import written_whole

PLOT_SIZE = (960, 384)
"""Width and height of a plot, pixels."""
GREY, BLUE = "#808890", "#3b82c4"
"""Seen well on white and on black."""

Limits = tuple[float, float]
"""The lowest and the highest value along an axis."""


@dataclass(frozen=True)
class Axis:
    """What is written along one side of a picture: a label with its unit, and ticks as (place from 0 to 1, text)."""

    label: str
    ticks: list[tuple[float, str]]


@dataclass(frozen=True)
class Picture:
    """An image file, what it shows in words, and its axes."""

    path: Path
    words: str
    x: Axis
    y: Axis


def is_fresh(image: Path, sources: Iterable[Path]) -> bool:
    """Whether an image is newer than what it shows and what draws it: files, and modules beside this one."""
    newest = max(source.stat().st_mtime_ns for source in (*sources, Path(__file__)))
    return image.exists() and image.stat().st_mtime_ns >= newest


def bare_plot(x_limits: Limits, y_limits: Limits, y_lines: Iterable[float]) -> tuple[Figure, Axes]:
    """A plot to draw in, without anything around it; faint lines mark some values of y."""
    figure = Figure(figsize=(PLOT_SIZE[0] / 100, PLOT_SIZE[1] / 100), dpi=100)
    axes = figure.add_axes((0, 0, 1, 1), xlim=x_limits, ylim=y_limits)
    axes.set_axis_off()
    for value in y_lines:
        axes.axhline(value, color=GREY, alpha=0.3, linewidth=1)
    return figure, axes


def write_plot(figure: Figure, image: Path) -> None:
    """Write a plot without paper behind it."""
    with written_whole(image) as part:
        figure.savefig(part, format="png", transparent=True)


def ticks(values: Iterable[float], limits: Limits) -> list[tuple[float, str]]:
    """Those values that lie within the limits, as places along the axis."""
    low, high = limits
    return [
        ((value - low) / (high - low), f"{value:.6g}".replace("-", "−")) for value in values if low <= value <= high
    ]
