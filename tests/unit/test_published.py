"""The paper's figures, the runs that stand for its methods, and ours beside them."""

from pathlib import Path

import pandas as pd
import pytest
import yaml

from groups import grouped
from stemsteer.models.registry import tagger_models
from stemsteer.scores.published import COLUMNS, PRESET, beside_published, described, read_published, unlike_paper
from stemsteer.scores.statistics import SUMMARY_COLUMNS
from stemsteer.settings.config import Config, load_config
from stemsteer.taggers.labels import labels_of

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
RESOURCES = Path(__file__).parents[2] / "resources"


@pytest.fixture(scope="module")
def published() -> pd.DataFrame:
    return read_published(RESOURCES / "paper.tsv")


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
        for tagger in run.taggers.names:
            labels = labels_of(tagger_models()[tagger])
            assert all(labels.find(source) for source in run.sources or [])


def test_the_runs_are_the_papers_algorithm(published: pd.DataFrame, config: Config) -> None:
    taggers = published.set_index("run").tagger.to_dict()
    for name, run in config.runs.items():
        assert run.preset == PRESET
        assert run.taggers.names == [name] == [taggers[name]]
        assert run.stem.kind == "residual"
        assert unlike_paper(config, name) == ["codec embedded instead of Jukebox's"]


def test_ours_stand_beside_the_papers(published: pd.DataFrame) -> None:
    ours = summary(
        fcn_jamendo=("bass", "residual", 2.0), hpss=("drums", "masked", -0.5), silence=("bass", "silence", 4.0)
    )
    other_part = summary(fcn_jamendo=("bass", "masked", 99.0))
    table = beside_published(
        published,
        pd.concat([other_part, ours]),
        stems={"fcn-jamendo": "residual"},
        taggers={"fcn-jamendo": ["fcn-jamendo"], "hpss": []},
        unlike={"fcn-jamendo": ["codec embedded instead of Jukebox's", "steering.steps 10 instead of 100"]},
        music="our music",
    )
    assert list(table.columns) == list(COLUMNS)
    assert len(table) == len(published)
    bass = table[(table.run == "fcn-jamendo") & (table.source == "bass")].set_index("data_set")
    assert bass.published_sdr_improvement_db.to_dict() == {"MUSDB18": 7.1, "Slakh2100": 6.9}
    assert bass.sdr_improvement_db.tolist() == [2, 2]
    assert bass.silence_sdr_improvement_db.tolist() == [4, 4]
    told = "codec embedded instead of Jukebox's; steering.steps 10 instead of 100; our music instead of MUSDB18"
    assert bass.differs["MUSDB18"] == told
    drums = table[(table.run == "hpss") & (table.data_set == "Slakh2100")].iloc[0]
    assert (drums.sdr_improvement_db, drums.published_sdr_improvement_db) == (-0.5, 0.3)
    assert drums.differs == "our music instead of Slakh2100"
    without = table[table.source == "vocals"]
    assert without.sdr_improvement_db.isna().all()
    assert (without.tracks == 0).all()
    assert (without.differs == "").all()
    # Silence is there wherever there is music with that source, whoever separates it.
    assert set(table[table.source == "bass"].silence_sdr_improvement_db) == {4}


@pytest.mark.parametrize(
    ("taggers", "named"),
    [
        ({"fcn-jamendo": ["fcn-jamendo", "MTT_vgg"], "hpss": ["MTT_vgg"]}, ("fcn-jamendo, MTT_vgg", "MTT_vgg")),
        ({"fcn-jamendo": []}, ("none", "none")),  # a baseline, and a peer, by the names of the paper's
    ],
)
def test_what_is_only_called_as_the_papers_method_is_not_set_beside_it(
    published: pd.DataFrame, taggers: dict[str, list[str]], named: tuple[str, str]
) -> None:
    ours = summary(fcn_jamendo=("drums", "masked", 2.0), hpss=("drums", "masked", -0.5))
    table = beside_published(published, ours, {"fcn-jamendo": "masked"}, taggers, {}, "our music")
    assert table.sdr_improvement_db.isna().all()
    assert (table.tracks == 0).all()
    told = table[(table.source == "drums") & (table.data_set == "MUSDB18")].set_index("run").differs
    for run, tagger in zip(("fcn-jamendo", "hpss"), named, strict=True):
        assert told[run] == f"another method, whose figures are left out: the taggers of {run} are {tagger}"
    assert told["hcnn-jamendo"] == ""


def test_no_scores_leave_the_papers_alone(published: pd.DataFrame) -> None:
    table = beside_published(published, summary(), {}, {}, {}, "our music")
    assert table.published_sdr_improvement_db.tolist() == published.sdr_improvement_db.tolist()
    assert table.sdr_improvement_db.isna().all()


def test_settings_that_are_not_the_papers_are_told() -> None:
    def told(run: dict[str, object], level: int = 0) -> list[str]:
        codecs = {"embedded": {}, "jukebox": {"weights": "jukebox", "level": level}}
        runs = {"mine": {"preset": PRESET, **run}}
        return unlike_paper(load_config({"tracks": "x", "runs": runs, "codecs": codecs}), "mine")

    assert told({}) == []
    # Told in the table's own columns, or of no account to what a method can do.
    assert told(grouped(preset=PRESET, names=["fcn-mtat"], sources=["guitar"], seed=3, threads=2)) == []
    assert told({}, level=2) == ["level 2 of the codec instead of 0"]
    assert told(grouped(preset=PRESET, steps=10, learning_rate=2.5, patience=5, applied_to="reconstruction")) == [
        "steering.steps 10 instead of 100",
        "steering.learning_rate 2.5 instead of 10",
        "steering.patience 5 instead of null",
        "mask.applied_to reconstruction instead of mixture",
    ]
    assert told({"mask": {"fft_sizes": [512]}, "stem": {"kind": "masked"}}) == [
        "mask.fft_sizes [512] instead of [512, 1024, 2048]",
        "stem.kind masked instead of residual",
    ]
    assert told({"mask": {"kind": "none"}, "stem": {"kind": "steered"}}) == [
        "mask.kind none instead of ratio",
        "stem.kind steered instead of residual",
    ]
    assert "steering.steps 50 instead of 100" in told({"preset": "codec"})
    assert told({"preset": None}) == [
        "generator.kind components instead of codec",
        "taggers.windows cover instead of pad",
        "steering.kind perturbation instead of gradient",
        "mask.kind none instead of ratio",
        "stem.kind steered instead of residual",
    ]


def test_music_is_described() -> None:
    assert described("a.tsv", [None, None]) == "whole tracks of a.tsv"
    assert described("a.tsv", [6.0, None, 6.0]) == "excerpts of 6 s of a.tsv"
    assert described("a.tsv", [6.0, 12.5]) == "excerpts of 6 to 12.5 s of a.tsv"
