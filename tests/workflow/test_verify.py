"""`snakemake verify`: the scores of a finished run against stored ones."""

from pathlib import Path

import pandas as pd
import pytest

from stemsteer.scores.metrics import COLUMNS
from stemsteer.scores.tables import write_table
from workdir import Ended, Workdir

NAMES = {"run": "quick", "track": "007", "source": "guitar", "estimate": "masked", "warning": ""}


@pytest.fixture
def workdir(tmp_path: Path) -> Workdir:
    """Scores of a run that is over, of tracks whose references are not looked at any more."""
    (tmp_path / "music").mkdir()
    (tmp_path / "music/song.wav").touch()
    scores = pd.DataFrame([{**NAMES, "si_sdr_db": 1.0}], columns=list(COLUMNS))
    write_table(scores, tmp_path / "results/scores.tsv")
    write_table(scores.assign(si_sdr_db=1.5), tmp_path / "stored.tsv")
    return Workdir(tmp_path)


def verify(workdir: Workdir, **settings: object) -> Ended:
    return workdir.snakemake("verify", tracks="music", verify=settings)


def test_scores_are_compared_each_time_and_what_moved_is_told(workdir: Workdir) -> None:
    for _ in range(2):
        ended = verify(workdir, table="stored.tsv", tolerance_db=0.5)
        assert ended.status == 0, ended.output
        assert "the scores are those of stored.tsv, within 0.5 dB" in ended.output
    ended = verify(workdir, table="stored.tsv")
    assert ended.status == 1
    assert "moved: quick / 007 / guitar / masked: si_sdr_db from 1.50 to 1.00 dB" in ended.output
    assert "1 of 1 rows moved by more than 0.1 dB (tag probabilities: 0.01); results/verify.tsv" in ended.output
    assert list(workdir.table("results/verify.tsv").verdict) == ["moved"]
    assert list(workdir.table("results/scores.tsv").si_sdr_db) == [1.0]


@pytest.mark.parametrize("name", ["{stored}.tsv", "<stored>.tsv"])
def test_a_table_may_be_called_as_the_user_likes(workdir: Workdir, name: str) -> None:
    (workdir.folder / "stored.tsv").rename(workdir.folder / name)
    ended = verify(workdir, table=name, tolerance_db=0.5)
    assert ended.status == 0, ended.output
    assert f"the scores are those of {name}, within 0.5 dB" in ended.output


def test_a_table_that_is_not_there_is_told(workdir: Workdir) -> None:
    ended = verify(workdir, table="elsewhere.tsv")
    assert ended.status == 1
    assert ended.output.splitlines()[-1] == (
        "error: config: verify.table: there is no table elsewhere.tsv; give the table of scores to compare with"
    )


def test_without_a_table_there_is_nothing_to_do(workdir: Workdir) -> None:
    ended = verify(workdir)
    assert ended.status == 1
    assert ended.output.splitlines()[-1] == (
        "error: config: verify.table is not set; give the table of scores to compare with"
    )
