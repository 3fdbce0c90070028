"""What the SVG pictures share: they stand on light and on dark paper, and are the same bytes every time."""

from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stemsteer.files import written_whole

INK, FAINT, BLUE, ORANGE = "#737b84", "#80889055", "#3b82c4", "#c47f3b"
"""Seen on white and on black."""


def plain(axes: Axes) -> None:
    """Leave of an axis its labels alone."""
    axes.tick_params(colors=INK, length=0)
    for side in axes.spines.values():
        side.set_visible(False)


def write_svg(figure: Figure, image: Path, salt: str) -> None:
    """Write a picture without paper behind it; what is in it as pixels has 200 dpi.

    The `salt` makes the names within the SVG the same every time; the date would make every picture a new one.
    """
    with matplotlib.rc_context({"svg.hashsalt": salt}), written_whole(image) as part:
        figure.savefig(part, format="svg", transparent=True, dpi=200, metadata={"Date": None})
