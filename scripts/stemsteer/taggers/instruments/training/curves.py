"""Pictures of how the training of taggers converges, over its steps."""

from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from stemsteer.svg import BLUE, FAINT, INK, ORANGE, plain, write_svg

COLOURS = (BLUE, ORANGE)
"""Of the taggers; after the last they begin anew."""

CURVES = {"kept_out_loss": "Cross entropy, clips kept out", "kept_out_auc": "Mean area under the curve, clips kept out"}


def draw_curves(history: Path, image: Path) -> None:
    """Draw the columns of a history of training (tab-separated) over `step`, as SVG; a column `tagger` names them."""
    table = pd.read_csv(history, sep="\t")
    named = "tagger" in table
    taggers = list(table.groupby("tagger", sort=False)) if named else [(None, table)]
    figure = Figure(figsize=(10, 3.2), layout="constrained")
    panels = figure.subplots(1, 2)
    for number, (name, run) in enumerate(taggers):
        for axes, column in zip(panels, CURVES, strict=True):
            axes.plot(run.step, run[column], color=COLOURS[number % len(COLOURS)], label=name)
    for axes, label in zip(panels, CURVES.values(), strict=True):
        axes.set_title(label, loc="left", color=INK, fontsize=10)
        axes.grid(color=FAINT, linewidth=0.8)
        plain(axes)
    if named:
        panels[0].legend(frameon=False, labelcolor=INK)
    figure.supxlabel("Steps", color=INK, fontsize=10)
    write_svg(figure, image, salt="curves")
