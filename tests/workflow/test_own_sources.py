"""A source with tags of the user's own is steered to, judged and compared, and redoes its own jobs only."""

from typing import Any

import pytest

from stemsteer.files import read_json
from stemsteer.sound import audio
from workdir import Ended, Workdir, music

RATE = 44100
TAGS = {"mtat": ["flute", "violin"]}


def settings(**own: Any) -> dict[str, Any]:
    return {"sources": {"drums": None, **own}, "judge": "MTT_musicnn", "baselines": ["hpss"]}


@pytest.fixture(scope="module")
def workdir(tmp_path_factory: pytest.TempPathFactory) -> Workdir:
    folder = tmp_path_factory.mktemp("sources")
    audio.write(folder / "song.wav", music(1.5, RATE), RATE)
    audio.write(folder / "known.wav", music(1.5, RATE) / 2, RATE)
    workdir = Workdir(folder)
    workdir.tracks({"track": "song", "mixture": "song.wav", "reference_Solo ists": "known.wav"})
    return workdir


@pytest.fixture(scope="module")
def separated(workdir: Workdir) -> Ended:
    return workdir.snakemake(**settings(**{"Solo ists": TAGS}))


def test_its_tags_are_steered_to_and_judged(workdir: Workdir, separated: Ended) -> None:
    assert separated.status == 0, separated.output
    records = [read_json(path) for path in workdir.folder.glob("results/runs/quick/stems/*/*.json")]
    made = {record["source"]: record for record in records}
    assert set(made) == {"drums", "Solo ists"}
    assert set(made["Solo ists"]["ascent"]["taggers"]["MTT_vgg"]["tags"]) == set(TAGS["mtat"])
    scores = workdir.table("results/scores.tsv")
    assert set(scores.source) == {"Solo ists"}
    assert {"quick", "hpss"} <= set(scores.run)
    assert scores.tag_probability.between(0, 1).all()


@pytest.mark.parametrize(
    ("own", "redone"),
    [
        ({"Solo ists": TAGS}, {}),
        ({"Solo ists": {"mtat": ["flute"]}}, {"steer": 1, "stem": 1, "evaluate": 1, "baselines": 1}),
    ],
)
def test_other_tags_redo_the_jobs_of_their_source(
    workdir: Workdir, separated: Ended, own: dict[str, Any], redone: dict[str, int]
) -> None:
    planned = workdir.snakemake("-n", **settings(**own))
    assert planned.status == 0, planned.output
    after_all = {"scores", "plan_file", "summarise", "figures", "report", "all", "total"}
    assert {rule: number for rule, number in planned.jobs.items() if rule not in after_all} == redone


def test_another_source_of_ones_own_redoes_nothing_of_this_one(workdir: Workdir, separated: Ended) -> None:
    planned = workdir.snakemake("-n", "stems", **settings(**{"Solo ists": TAGS, "winds": {"mtat": ["flute"]}}))
    assert planned.jobs == {"steer": 1, "stem": 1, "stems": 1, "total": 3}
