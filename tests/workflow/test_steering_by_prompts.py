"""A tagger whose labels are texts, which is no part of StemSteer, steers in the workflow and stands in the report."""

from pathlib import Path
from typing import Any

import pytest

import toy_prompt_tagger
from stemsteer.sound import audio
from toy_prompt_tagger import NAME
from workdir import QUICK, REPOSITORY, Ended, Workdir, music

RATE = 44100
SOURCES = ("flute", "bass")
SETTINGS: dict[str, Any] = {"sources": list(SOURCES), "runs": {"texts": {**QUICK, "names": [NAME]}}}


@pytest.fixture(scope="module", autouse=True)
def registered(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Every Python process registers it before anything else."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "sitecustomize.py").write_text("import toy_prompt_tagger\n\ntoy_prompt_tagger.register()\n")
    with pytest.MonkeyPatch.context() as patch:
        paths = (folder, REPOSITORY / "tests", REPOSITORY / "scripts")
        patch.setenv("PYTHONPATH", ":".join(map(str, paths)))
        yield


def separated(folder: Path, *targets: str, **changes: Any) -> tuple[Workdir, Ended]:
    audio.write(folder / "song.wav", music(1, RATE), RATE)
    workdir = Workdir(folder)
    workdir.tracks({"track": "song", "mixture": "song.wav"})
    return workdir, workdir.snakemake(*targets, **{**SETTINGS, **changes})


@pytest.fixture(scope="module")
def one_by_one(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workdir, Ended]:
    return separated(tmp_path_factory.mktemp("one"), "report")


def test_it_steers_and_is_in_the_report(one_by_one: tuple[Workdir, Ended]) -> None:
    workdir, ended = one_by_one
    assert ended.status == 0, ended.output
    taggers = workdir.json("results/runs/texts/stems/song/bass.json")["ascent"]["taggers"]
    digest = toy_prompt_tagger.MODEL.sha256
    assert taggers == {NAME: {"sha256": digest, "licence": "MIT", "tags": ["the sound of bass"]}}
    assert f"Weights of {NAME}" in workdir.text("results/report/index.html")


def test_its_labels_are_all_sources_of_the_track_in_whatever_job_they_are_steered(
    one_by_one: tuple[Workdir, Ended], tmp_path: Path
) -> None:
    together, ended = separated(tmp_path, "stems", sources_together=True)
    assert ended.status == 0, ended.output
    assert ended.jobs["steer"] == 1
    for source in SOURCES:
        path = f"results/runs/texts/estimates/song/{source}.wav"
        assert (together.folder / path).read_bytes() == (one_by_one[0].folder / path).read_bytes()
