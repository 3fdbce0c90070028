"""The pictures of a training hold its course, run after run."""

from pathlib import Path

import pandas as pd
import pytest

from stemsteer.generators.jukebox.training.curves import CURVES, draw_curves


def history(*steps: int) -> pd.DataFrame:
    return pd.DataFrame({"step": steps, **{column: [float(step) for step in steps] for column in CURVES}})


@pytest.mark.parametrize("runs", [["small"], ["small", "large"]])
def test_every_figure_of_every_run_is_drawn(tmp_path: Path, runs: list[str]) -> None:
    table = pd.concat([history(100, 200, 300).assign(run=run) for run in runs])
    table.to_csv(tmp_path / "history.tsv", sep="\t", index=False)
    images = [tmp_path / f"{name}.svg" for name in ("first", "second")]
    for image in images:
        draw_curves(tmp_path / "history.tsv", image)
    assert images[0].read_bytes() == images[1].read_bytes()
    picture = images[0].read_text(encoding="utf-8")
    for colour, is_there in (("#3b82c4", True), ("#c47f3b", len(runs) == 2)):
        # A curve in each panel, and its line in the legend.
        assert picture.count(f"stroke: {colour}") == (len(CURVES) + 1 if is_there else 0)
    named = [picture.index(f"<!-- {run} -->") for run in runs]
    assert named == sorted(named)


def test_a_history_of_one_run_needs_no_names(tmp_path: Path) -> None:
    history(100, 200).to_csv(tmp_path / "history.tsv", sep="\t", index=False)
    draw_curves(tmp_path / "history.tsv", tmp_path / "history.svg")
    assert (tmp_path / "history.svg").read_text(encoding="utf-8").count("stroke: #3b82c4") == len(CURVES)
