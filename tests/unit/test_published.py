"""The paper's figures, the runs that stand for its methods, and ours beside them."""

from pathlib import Path

import pandas as pd
import pytest
import yaml

from stemsteer.config import Config, load_config
from stemsteer.models import registry
from stemsteer.published import COLUMNS, beside_published, described, differences, read_published
from stemsteer.statistics import SUMMARY_COLUMNS
from stemsteer.vocabularies import find_tags, load_vocabulary

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def published() -> pd.DataFrame:
    return read_published(BENCHMARKS / "paper.tsv")


@pytest.fixture(scope="module")
def config() -> Config:
    return load_config(yaml.safe_load((BENCHMARKS / "paper.yaml").read_text(encoding="utf-8")))


def summary(**figures: tuple[str, str, float]) -> pd.DataFrame:
    """A summary whose every figure of a run is one number: run to source, estimate and number."""
    rows = []
    for run, (source, estimate, figure) in figures.items():
        names = {"source": source, "run": run.replace("_", "-"), "estimate": estimate}
        rows.append(names | dict.fromkeys(SUMMARY_COLUMNS[3:], figure))
    return pd.DataFrame(rows, columns=list(SUMMARY_COLUMNS))


def test_the_papers_runs_are_in_its_config_or_among_the_baselines(published: pd.DataFrame, config: Config) -> None:
    named = set(published.run) - {""}
    assert set(config.runs) <= named
    assert named <= {*config.runs, *config.baseline_runs}


def test_a_run_is_asked_for_what_the_paper_has_and_its_tagger_knows(published: pd.DataFrame, config: Config) -> None:
    for name, run in config.runs.items():
        assert set(run.sources or []) == set(published[published.run == name].source)
        for tagger in run.taggers:
            vocabulary = load_vocabulary(registry()[tagger].vocabulary or "")
            assert all(find_tags(vocabulary, [source]) for source in run.sources or [])


def test_the_runs_are_the_papers_algorithm(config: Config) -> None:
    for name, run in config.runs.items():
        assert run.preset == "tagbox-paper"
        assert run.taggers == [name]
        assert run.output == "residual"


def test_ours_stand_beside_the_papers(published: pd.DataFrame) -> None:
    ours = summary(
        fcn_jamendo=("bass", "residual", 2.0), hpss=("drums", "masked", -0.5), silence=("bass", "silence", 4.0)
    )
    other_part = summary(fcn_jamendo=("bass", "masked", 99.0))
    table = beside_published(
        published, pd.concat([other_part, ours]), {"fcn-jamendo": "residual"}, {"fcn-jamendo": "embedded"}, "our music"
    )
    assert list(table.columns) == list(COLUMNS)
    assert len(table) == len(published)
    bass = table[(table.run == "fcn-jamendo") & (table.source == "bass")].set_index("data_set")
    assert bass.published_sdr_improvement_db.to_dict() == {"MUSDB18": 7.1, "Slakh2100": 6.9}
    assert bass.sdr_improvement_db.tolist() == [2, 2]
    assert bass.silence_sdr_improvement_db.tolist() == [4, 4]
    assert bass.differs["MUSDB18"] == "generator embedded instead of Jukebox's; our music instead of MUSDB18"
    drums = table[(table.run == "hpss") & (table.data_set == "Slakh2100")].iloc[0]
    assert (drums.sdr_improvement_db, drums.published_sdr_improvement_db) == (-0.5, 0.3)
    assert drums.differs == "our music instead of Slakh2100"
    without = table[table.source == "vocals"]
    assert without.sdr_improvement_db.isna().all()
    assert (without.tracks == 0).all()
    assert (without.differs == "").all()
    # Silence is there wherever there is music with that source, whoever separates it.
    assert set(table[table.source == "bass"].silence_sdr_improvement_db) == {4}


def test_no_scores_leave_the_papers_alone(published: pd.DataFrame) -> None:
    table = beside_published(published, summary(), {}, {}, "our music")
    assert table.published_sdr_improvement_db.tolist() == published.sdr_improvement_db.tolist()
    assert table.sdr_improvement_db.isna().all()


def test_differences_are_told() -> None:
    assert differences("jukebox", "whole tracks of x", "MUSDB18") == "whole tracks of x instead of MUSDB18"
    assert described("a.tsv", [None, None]) == "whole tracks of a.tsv"
    assert described("a.tsv", [6.0, None, 6.0]) == "excerpts of 6 s of a.tsv"
    assert described("a.tsv", [6.0, 12.5]) == "excerpts of 6 to 12.5 s of a.tsv"
