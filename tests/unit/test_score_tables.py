"""Score tables: what is written is read again, and what is gathered is each row once."""

from pathlib import Path

import numpy as np

from stemsteer.scores.metrics import COLUMNS, Row
from stemsteer.scores.tables import gather, read_scores, write_scores, write_table


def write(folder: Path, run: str, source: str, estimates: dict[str, float], track: str = "007") -> Path:
    """A stem's table in which each estimate has its SNR."""
    path = folder / f"{run} {track} {source}.tsv"
    rows: list[Row] = [{"estimate": estimate, "snr_db": snr, "warning": ""} for estimate, snr in estimates.items()]
    write_scores(rows, {"run": run, "track": track, "source": source}, path)
    return path


def test_the_mixture_and_silence_stand_once_and_last(tmp_path: Path) -> None:
    beside = {"mixture": -3.0, "silence": 0.0}
    paths = [
        write(tmp_path, run, source, {"masked": snr, "residual": -snr, **beside})
        for run, snr in (("b", 1.0), ("a", 2.0))
        for source in ("drums", "bass")
    ]
    paths.append(write(tmp_path, "hpss", "drums", {"hpss": 5.0, **beside}))
    paths.append(write(tmp_path, "b", "drums", {"masked": 7.0, **beside}, track="NA"))
    gathered = gather(paths)
    names = list(gathered[["run", "track", "source", "estimate"]].itertuples(index=False, name=None))
    assert names == [
        ("b", "007", "drums", "masked"),
        ("b", "007", "drums", "residual"),
        ("b", "007", "bass", "masked"),
        ("b", "007", "bass", "residual"),
        ("a", "007", "drums", "masked"),
        ("a", "007", "drums", "residual"),
        ("a", "007", "bass", "masked"),
        ("a", "007", "bass", "residual"),
        ("hpss", "007", "drums", "hpss"),
        ("b", "NA", "drums", "masked"),
        ("mixture", "007", "drums", "mixture"),
        ("mixture", "007", "bass", "mixture"),
        ("mixture", "NA", "drums", "mixture"),
        ("silence", "007", "drums", "silence"),
        ("silence", "007", "bass", "silence"),
        ("silence", "NA", "drums", "silence"),
    ]
    assert gathered.snr_db.tolist()[:2] == ["1.000000", "-1.000000"]
    assert set(gathered.si_sdr_db) == {"nan"}


def test_gathering_nothing_gives_headings(tmp_path: Path) -> None:
    write_table(gather([]), tmp_path / "scores.tsv")
    assert (tmp_path / "scores.tsv").read_text() == "\t".join(COLUMNS) + "\n"


def test_figures_are_numbers_again(tmp_path: Path) -> None:
    path = write(tmp_path, "NA", "null", {"inf": np.inf, "nan": np.nan, "1": -np.inf, "2": 0.1234567})
    read = read_scores(path)
    np.testing.assert_equal(read.snr_db.to_numpy(), [np.inf, np.nan, -np.inf, 0.123457])
    assert read.estimate.tolist() == ["inf", "nan", "1", "2"]
    assert read.run.tolist() == ["NA"] * 4
    assert read.warning.tolist() == [""] * 4
