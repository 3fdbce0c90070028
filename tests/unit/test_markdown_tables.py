"""The tables of docs/benchmark.md say what the summary says."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stemsteer.scores.metrics import COLUMNS
from stemsteer.scores.statistics import summary
from stemsteer.scores.tables import write_table

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
import markdown_tables


def scores() -> pd.DataFrame:
    """Drums of three tracks and bass of one, by a run that makes them 1, 2, 3 and -4 dB better; silence beside it."""
    improvements = [("a", "drums", 1.0), ("b", "drums", 2.0), ("c", "drums", 3.0), ("a", "bass", -4.0)]
    rows = [
        {"run": run, "track": track, "source": source, "estimate": estimate, "si_sdr_improvement_db": figure}
        for run, estimate in (("mine", "masked"), ("silence", "silence"))
        for track, source, value in improvements
        for figure in (value if run == "mine" else np.nan,)
    ]
    return pd.DataFrame(rows).reindex(columns=list(COLUMNS))


def test_means_stand_under_their_sources_with_the_number_of_tracks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_table(summary(scores()), tmp_path / "summary.tsv")
    monkeypatch.setattr(sys, "argv", ["markdown_tables.py", str(tmp_path / "summary.tsv")])
    markdown_tables.main()
    heads, _, mine, silence, *_ = capsys.readouterr().out.splitlines()
    assert heads == "| run | estimate | drums (3) | bass (1) | all (4) |"
    assert mine.startswith("| mine | masked | +2.0 (+1.0 to +3.0) | -4.0 | +0.5 (")
    assert silence == "| silence | silence | - | - | - |"
