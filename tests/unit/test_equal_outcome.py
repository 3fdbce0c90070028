"""The table of how soon a run is where the reference ended."""

import sys
from pathlib import Path

import pandas as pd
import pytest

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
from equal_outcome import outcomes


def write_run(results: Path, run: str, losses: list[list[float]]) -> None:
    """The history of an ascent in some chunks."""
    rows = [(chunk, step, loss) for chunk, own in enumerate(losses) for step, loss in enumerate(own)]
    folder = results / "runs" / run / "estimates" / "song"
    folder.mkdir(parents=True)
    table = pd.DataFrame(rows, columns=["chunk", "step", "loss"])
    table.to_csv(folder / "drums.history.tsv", sep="\t", index=False)


def test_a_run_is_measured_by_where_the_reference_ended(tmp_path: Path) -> None:
    # Chunks are averaged: the reference ends at 0.4, which `fast` has passed at its step 1 and `never` does not reach.
    write_run(tmp_path, "reference", [[1.0, 0.9, 0.3, 0.5, 0.6], [1.0, 0.9, 0.3, 0.2, 0.2]])
    write_run(tmp_path, "fast", [[1.0, 0.3]])
    write_run(tmp_path, "never", [[1.0, 0.7, 0.8]])
    rows = [(run, "song", "drums", part, dB) for run in ("reference", "fast", "never") for part, dB in PARTS]
    columns = ["run", "track", "source", "estimate", "si_sdr_improvement_db"]
    pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "scores.tsv", sep="\t", index=False)
    table = outcomes(tmp_path, step_ratio=4).set_index("run")
    assert table.goal.unique() == pytest.approx(0.4)
    assert table.goal_at_step["fast"] == 1
    assert pd.isna(table.goal_at_step["never"])
    assert table.loss_after.to_dict() == pytest.approx({"reference": 0.3, "fast": 0.3, "never": 0.7})
    # 5 evaluations of the loss against 2, each 4 times faster.
    assert table.less_time["fast"] == pytest.approx(10)
    assert table.masked["fast"] == 0.5
    assert table.residual["fast"] == -3.0


PARTS = [("masked", 0.5), ("residual", -3.0), ("mixture", 0.0)]
