"""The tables of docs/benchmark.md say what the scores and the records say."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stemsteer.files import write_json
from stemsteer.jobs.layout import Layout
from stemsteer.scores.metrics import COLUMNS
from stemsteer.scores.tables import write_table

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
import markdown_tables

IMPROVEMENTS = [("a", "drums", 1.0), ("b", "drums", 2.0), ("c", "drums", 3.0), ("a", "bass", -4.0)]


def scores(values: list[tuple[str, str, float]] = IMPROVEMENTS) -> pd.DataFrame:
    """A run's stems, the other parts, which are 10 dB worse, the mixture and silence."""
    estimates = [("mine", "steered", 0.0), ("mine", "residual", -10.0), ("mixture", "mixture", None)]
    estimates += [("silence", "silence", np.nan)]
    rows = [
        {
            "run": run,
            "track": track,
            "source": source,
            "estimate": estimate,
            "si_sdr_improvement_db": 0.0 if added is None else value + added,
            "sir_db": 7.0,
        }
        for run, estimate, added in estimates
        for track, source, value in values
    ]
    return pd.DataFrame(rows).reindex(columns=list(COLUMNS))


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Of a benchmark in which steering took 2 s for each stem."""
    write_table(scores(), tmp_path / "scores.tsv")
    write_json(tmp_path / "plan.json", {"runs": {"mine": {"parts": ["steered", "residual"]}}})
    for track, source, _ in IMPROVEMENTS:
        record = Layout(tmp_path).estimate("mine", track, source, ".json")
        write_json(record, {"chunks": [{"seconds": 1.5}, {"seconds": 0.5}]})
    return tmp_path


def printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str | Path
) -> list[list[list[str]]]:
    """The cells of all lines of each table."""
    monkeypatch.setattr(sys, "argv", ["markdown_tables.py", *map(str, arguments)])
    markdown_tables.main()
    tables = capsys.readouterr().out.strip().split("\n\n")
    return [[line.strip("| ").split(" | ") for line in table.splitlines()] for table in tables]


def test_means_stand_under_their_sources_with_the_number_of_tracks(
    results: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    heads, _, mine, _, silence = printed(monkeypatch, capsys, results)[0]
    assert heads == ["run", "estimate", "drums (3)", "bass (1)"]
    assert mine == ["mine", "steered", "+2.0 (+1.0 to +3.0)", "-4.0"]
    assert silence == ["silence", "silence", "-", "-"]


def test_sources_weigh_the_same_in_the_mean_of_sources_and_stems_in_the_mean_of_stems(
    results: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _, of_sources, over_all = printed(monkeypatch, capsys, results)
    assert of_sources[2][2].startswith("-1.0 (")
    assert over_all[2][2].startswith("+0.5 (")
    assert dict(zip(of_sources[0], of_sources[2], strict=True))["SIR"] == "+7.0 (+7.0 to +7.0)"


def test_the_better_stems_are_counted_and_the_seconds_of_a_track_summed(
    results: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _, (heads, _, mine, mixture, silence), _ = printed(monkeypatch, capsys, results)
    assert heads[-2:] == ["better", "s a track"]
    assert mine[-2:] == ["3 of 4", "3"]  # 8 s for 3 tracks
    assert [mixture[-2:], silence[-2:]] == [["0 of 4", "-"]] * 2


def test_one_half_of_the_tracks_can_be_reported(
    results: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    halves = results / "halves.tsv"
    halves.write_text("track\thalf\na\tchoose\nb\treport\nc\treport\n", encoding="utf-8")
    heads, _, mine, *_ = printed(monkeypatch, capsys, results, "--half", "report", "--halves", halves)[0]
    assert heads == ["run", "estimate", "drums (2)"]
    assert mine == ["mine", "steered", "+2.5 (+2.0 to +3.0)"]


def test_sources_can_be_left_out(
    results: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    by_source, of_sources, _ = printed(monkeypatch, capsys, results, "--sources", "drums")
    assert by_source[0] == ["run", "estimate", "drums (3)"]
    assert of_sources[2][2] == "+2.0 (+1.0 to +3.0)"


def test_both_parts_are_shown_when_asked_for(
    results: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    by_source = printed(monkeypatch, capsys, results, "--parts")[0]
    assert by_source[3] == ["mine", "residual", "-8.0 (-9.0 to -7.0)", "-14.0"]


def test_stems_whose_mixture_cannot_be_improved_are_not_counted_as_worse() -> None:
    table = scores()
    alone = (table.track == "b") & (table.source == "drums")
    table.loc[alone, "si_sdr_improvement_db"] = np.nan
    mine = table[table.estimate == "steered"]
    assert markdown_tables.better(mine, table) == "2 of 3"


def test_the_interval_of_the_mean_of_sources_is_that_of_tracks_drawn_anew() -> None:
    """With two tracks and one source there are three draws: twice the one, twice the other (1 in 4), and both."""
    table = scores([("a", "drums", 1.0), ("b", "drums", 3.0)])
    mean, low, high = markdown_tables.mean_of_sources(table[table.estimate == "steered"], "si_sdr_improvement_db")
    assert (mean, low, high) == (2.0, 1.0, 3.0)
