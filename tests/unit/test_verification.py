"""Whether scores are those of before: what moved, what is missing, what is new, and what is only rounding."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from stemsteer.errors import UserError
from stemsteer.scores.metrics import COLUMNS as SCORES
from stemsteer.scores.tables import KEY, write_table
from stemsteer.scores.verification import COLUMNS, FIGURES, described, disagreement, verify

SCRIPT = Path(__file__).parents[2] / "scripts" / "verify.py"
NAMES = ["a", "007", "drums", "masked"]


def table(figures: dict[str, float], **others: float) -> pd.DataFrame:
    """Scores of some tracks: each one's SI-SDR, and the same `others` for all."""
    rows = [
        {"run": "a", "track": track, "source": "drums", "estimate": "masked", "si_sdr_db": figure}
        for track, figure in figures.items()
    ]
    scores = pd.DataFrame(rows, columns=list(SCORES)).assign(**others, warning="")
    return scores.astype({column: float for column in scores if column not in (*KEY, "warning")})


def verdicts(found: pd.DataFrame, stored: pd.DataFrame, tolerance: float = 0.1) -> dict[str, str]:
    verified = verify(found, stored, tolerance)
    return dict(zip(verified.track, verified.verdict, strict=True))


def test_every_row_gets_its_verdict_the_worst_first() -> None:
    stored = table({"kept": 1, "less": 2, "gone": 3, "more": 4, "a bit": 5})
    found = table({"more": 4.3, "added": 7, "kept": 1, "less": 1.5, "a bit": 5.05})
    verified = verify(found, stored, tolerance=0.1)
    assert list(verified.columns) == list(COLUMNS)
    assert list(zip(verified.track, verified.verdict, strict=True)) == [
        ("less", "moved"),
        ("more", "moved"),
        ("gone", "missing"),
        ("added", "new"),
        ("a bit", "same"),
        ("kept", "same"),
    ]
    worst = verified.iloc[0]
    assert (worst.figure, worst.stored, worst.found, worst.difference) == ("si_sdr_db", 2, 1.5, 0.5)
    assert disagreement(verified, 0.1) == (
        "the scores are not those that are stored: 2 of 5 rows moved by more than 0.1 dB "
        "(tag probabilities: 0.01) and 1 of 5 rows are missing"
    )
    assert described(verified.iloc[0]) == "moved: a / less / drums / masked: si_sdr_db from 2.00 to 1.50 dB"
    assert described(verified.iloc[2]) == "missing: a / gone / drums / masked"


@pytest.mark.parametrize("figure", [figure for figure in FIGURES if figure.endswith("_db")])
def test_each_figure_counts_in_either_direction(figure: str) -> None:
    stored = table({"1": 0}, **{figure: 1.0})
    assert verdicts(table({"1": 0}, **{figure: 1.2}), stored) == {"1": "moved"}
    assert verdicts(table({"1": 0}, **{figure: 0.8}), stored) == {"1": "moved"}
    assert verdicts(table({"1": 0}, **{figure: 1.05}), stored) == {"1": "same"}
    assert verdicts(table({"1": 0}, **{figure: np.nan}), stored) == {"1": "moved"}
    assert verify(table({"1": 0}, **{figure: 1.2}), stored, 0.1).figure[0] == figure


def test_a_tag_probability_counts_by_a_tolerance_of_its_own() -> None:
    stored = table({"1": 0}, tag_probability=0.5)
    assert verdicts(table({"1": 0.09}, tag_probability=0.509), stored) == {"1": "same"}
    (_, moved), *others = verify(table({"1": 0.09}, tag_probability=0.489), stored, 0.1).iterrows()
    assert not others
    assert (moved.verdict, moved.figure, moved.stored, moved.found) == ("moved", "tag_probability", 0.5, 0.489)
    assert described(moved) == "moved: a / 1 / drums / masked: tag_probability from 0.500 to 0.489"
    assert verdicts(table({"1": 0}), stored) == {"1": "moved"}


def test_what_is_undefined_or_infinite_stays_so() -> None:
    stored = table({"silent": np.nan, "exact": np.inf, "lost": np.inf}, level_db=-np.inf, sar_db=293.1)
    # An SAR of some 290 dB is rounding, which another processor does in another way.
    found = table({"silent": np.nan, "exact": np.inf, "lost": 20.0}, level_db=-np.inf, sar_db=287.5)
    assert verdicts(found, stored) == {"silent": "same", "exact": "same", "lost": "moved"}


def test_new_rows_alone_are_no_mistake() -> None:
    verified = verify(table({"1": 1, "2": 2}), table({"1": 1}), 0.1)
    assert verified.verdict.tolist() == ["new", "same"]
    assert disagreement(verified, 0.1) is None


def test_a_finished_run_without_scores_lacks_all_rows() -> None:
    assert verdicts(table({}), table({"1": 1})) == {"1": "missing"}


def test_a_table_of_fewer_figures_is_compared_by_those() -> None:
    assert verdicts(table({"1": 1}, sdr_db=3), table({"1": 1})[[*KEY, "si_sdr_db"]]) == {"1": "same"}


@pytest.mark.parametrize(
    ("stored", "sentence"),
    [
        (table({}), "no table of scores with rows"),
        (table({"1": 1}).drop(columns="run"), "no table of scores with rows"),
        (table({"1": 1})[KEY], "no table of scores with rows"),
        (pd.concat([table({"1": 1}), table({"1": 2})]), "a row is there twice"),
    ],
)
def test_another_table_is_refused(stored: pd.DataFrame, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        verify(table({"1": 1}), stored, 0.1)


def run_script(folder: Path, found: pd.DataFrame, stored: pd.DataFrame) -> None:
    """Run scripts/verify.py as Snakemake does."""
    write_table(found, folder / "scores.tsv")
    write_table(stored, folder / "stored.tsv")
    job = SimpleNamespace(
        input=SimpleNamespace(scores=str(folder / "scores.tsv")),
        params=SimpleNamespace(stored=str(folder / "stored.tsv"), table=str(folder / "verify.tsv"), tolerance=0.1),
        log=[str(folder / "log.txt")],
    )
    runpy.run_path(str(SCRIPT), init_globals={"snakemake": job}, run_name="__main__")


def test_the_script_tells_the_worst_rows_and_writes_all(tmp_path: Path) -> None:
    stored = table({f"{number:03}": number for number in range(30)})
    with pytest.raises(SystemExit):
        run_script(tmp_path, table({f"{number:03}": 2 * number for number in range(30)}), stored)
    lines = (tmp_path / "log.txt").read_text().splitlines()
    assert lines[0] == "moved: a / 029 / drums / masked: si_sdr_db from 29.00 to 58.00 dB"
    assert len(lines) == 11
    assert lines[-1].startswith("error: the scores are not those that are stored: 29 of 30 rows moved")
    assert f"{tmp_path / 'verify.tsv'} lists them" in lines[-1]
    written = pd.read_csv(tmp_path / "verify.tsv", sep="\t", dtype=str)
    assert len(written) == 30
    assert written.track[0] == "029"


def test_the_script_ends_well_where_scores_are_the_same(tmp_path: Path) -> None:
    scores = table({"NA": 1, "007": np.nan, "nan": -np.inf})
    run_script(tmp_path, scores, scores)
    assert "the scores are those of" in (tmp_path / "log.txt").read_text()
    written = pd.read_csv(tmp_path / "verify.tsv", sep="\t", dtype=str, keep_default_na=False)
    assert sorted(written.track) == ["007", "NA", "nan"]
