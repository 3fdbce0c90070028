"""Pictures of how a codec's training converges, over its steps."""

from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from stemsteer.svg import BLUE, FAINT, INK, ORANGE, plain, write_svg

COLOURS = (BLUE, ORANGE, "#4f9d69", "#a35bb5")
"""Of the runs of a training that went on from its own weights; after the last they begin anew."""

CURVES = {
    "snr_db": "Training SNR (dB)",
    "spectral": "Spectral error",
    "commitment": "Commitment loss",
    "codes_in_use": "Codes in use",
}


def draw_curves(history: Path, image: Path) -> None:
    """Draw the columns of a history of training (tab-separated) over `step`, as SVG; a column `run` names the runs.

    The steps of later runs are counted on from those before.
    """
    table = pd.read_csv(history, sep="\t")
    named = "run" in table
    runs = list(table.groupby("run", sort=False)) if named else [(None, table)]
    figure = Figure(figsize=(10, 5.2), layout="constrained")
    panels = figure.subplots(2, 2, sharex=True)
    before = 0
    for number, (name, run) in enumerate(runs):
        for axes, column in zip(panels.flat, CURVES, strict=True):
            axes.plot(before + run.step, run[column], color=COLOURS[number % len(COLOURS)], label=name)
        before += int(run.step.max())
    for axes, label in zip(panels.flat, CURVES.values(), strict=True):
        axes.set_title(label, loc="left", color=INK, fontsize=10)
        axes.grid(color=FAINT, linewidth=0.8)
        plain(axes)
    if named:
        panels[0, 0].legend(frameon=False, labelcolor=INK)
    figure.supxlabel("Steps", color=INK, fontsize=10)
    write_svg(figure, image, salt="curves")
