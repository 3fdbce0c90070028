"""What a config asks for, track by track."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from stemsteer.errors import UserError
from stemsteer.settings.config import load_config
from stemsteer.settings.plan import Stem, make_plan

TABLE = """\
track\tmixture\tsources\treference_drums\treference_bass
a\ta.wav\tdrums,bass\td.wav\tb.wav
b\tb.wav\tdrums\t\tb.wav
"""


@pytest.fixture(autouse=True)
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tracks.tsv").write_text(TABLE)


def test_a_run_makes_only_the_sources_that_it_names() -> None:
    runs = {
        "every": {"taggers": {"names": ["fcn-jamendo"]}},
        "some": {"taggers": {"names": ["fcn-mtat"]}, "sources": ["drums"]},
    }
    plan = make_plan(load_config({"tracks": "tracks.tsv", "runs": runs}))
    assert [stem for stem in plan.stems if stem.run == "some"] == [Stem("some", t, "drums") for t in ("a", "b")]
    assert [stem for stem in plan.stems if stem.run == "every"] == [
        Stem("every", "a", "drums"),
        Stem("every", "a", "bass"),
        Stem("every", "b", "drums"),
    ]


def test_documented_ready_made_runs_separate_what_they_are_called_after() -> None:
    document = (Path(__file__).parents[2] / "docs/corpus.md").read_text(encoding="utf-8")
    (example,) = [block for block in document.split("\n\n") if "preset: howls-moving-castle" in block]
    Path("folk.tsv").write_text("track\tmixture\nmerry-go-round\tmusic.wav\n")
    plan = make_plan(load_config({**yaml.safe_load(example), "tracks": "folk.tsv"}))
    runs = ("paper", "code", "violin of Howl's Moving Castle")
    assert plan.stems == [Stem(run, "merry-go-round", "violin") for run in runs]


def test_baselines_are_made_where_a_source_that_is_asked_for_has_a_reference() -> None:
    taggers = {"taggers": {"names": ["fcn-jamendo"]}}
    for run, baselines in (taggers, 3), ({"preset": "codec", **taggers}, 5):
        plan = make_plan(load_config({"tracks": "tracks.tsv", "runs": {"mine": run}}))
        assert {(stem.track, stem.source) for stem in plan.baseline_stems} == {("a", "drums"), ("a", "bass")}
        assert len(plan.baseline_stems) == baselines * 2


def test_the_stems_of_each_source_have_their_judge() -> None:
    plan = make_plan(load_config({"tracks": "tracks.tsv"}))
    assert plan.judge_of == {"bass": "instruments-judge", "drums": "MTT_musicnn"}
    assert set(plan.judges) == set(plan.as_dict()["judges"]) == {"instruments-judge", "MTT_musicnn"}
    assert "judge" not in plan.as_dict()
    one = make_plan(load_config({"tracks": "tracks.tsv", "judge": "MSD_vgg"}))
    assert (set(one.judge_of.values()), one.judges) == ({"MSD_vgg"}, ["MSD_vgg"])
    none = make_plan(load_config({"tracks": "tracks.tsv", "judge": None}))
    assert (set(none.judge_of.values()), none.judges) == ({None}, [])


def test_a_source_that_no_tagger_can_judge_has_no_judge() -> None:
    Path("tracks.tsv").write_text("track\tmixture\tsources\na\ta.wav\tdrum machine,drums\n")
    plan = make_plan(load_config({"tracks": "tracks.tsv", "runs": {"mine": {"taggers": {"names": ["fcn-jamendo"]}}}}))
    assert plan.judge_of == {"drum machine": None, "drums": "MTT_vgg"}
    assert plan.judges == ["MTT_vgg"]


def test_peers_separate_three_sources_where_there_is_a_reference() -> None:
    Path("tracks.tsv").write_text(
        "track\tmixture\tsources\treference_bass\treference_piano\n"
        "a\ta.wav\tbass,piano\tb.wav\tp.wav\n"
        "b\tb.wav\tbass,piano,drums\t\tp.wav\n"
    )
    peers = {"mine": {"package": "open-unmix", "weights": "."}}
    runs = {"run": {"taggers": {"names": ["fcn-jamendo"]}}}
    plan = make_plan(load_config({"tracks": "tracks.tsv", "runs": runs, "peers": peers, "baselines": ["hpss"]}))
    assert plan.peer_stems == [Stem("mine", "a", "bass")]
    assert plan.as_dict()["baselines"] == ["hpss", "mine"]
    assert plan.as_dict()["peers"] == {"mine": ("vocals", "drums", "bass")}


@pytest.mark.parametrize(
    ("run", "sentence"),
    [
        (
            {"taggers": {"names": ["fcn-mtat"]}},
            r"run 'mine', tagger fcn-mtat: .*no tag for the source 'bass'.*run's key sources",
        ),
        ({"sources": ["drumms"]}, r"run 'mine': sources: there is no source or tag 'drumms' \(did you mean drums\?\)"),
        (
            {"steering": {"competing": ["voclas"]}},
            r"run 'mine': steering.competing: .* 'voclas' \(did you mean vocals\?",
        ),
    ],
)
def test_sources_that_a_tagger_does_not_know(run: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        make_plan(load_config({"tracks": "tracks.tsv", "runs": {"mine": run}}))
