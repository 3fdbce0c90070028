"""A generator without codes and a steering with joint sources, which are no part of StemSteer, run in the workflow."""

from typing import Any

import numpy as np
import pytest

from stemsteer.sound import audio
from workdir import REPOSITORY, Ended, Workdir, music

RATE = 44100
SOURCES = ("drums", "guitar")
RUN: dict[str, Any] = {
    "generator": {"kind": "bands"},
    "steering": {"kind": "sharing"},
    "mask": {"kind": "none"},
    "stem": {"kind": "steered"},
}


@pytest.fixture(scope="module", autouse=True)
def registered(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Every Python process registers them before anything else."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "sitecustomize.py").write_text("import toy_method\n\ntoy_method.register()\n")
    with pytest.MonkeyPatch.context() as patch:
        paths = (folder, REPOSITORY / "tests", REPOSITORY / "scripts")
        patch.setenv("PYTHONPATH", ":".join(map(str, paths)))
        yield


@pytest.fixture(scope="module")
def separated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workdir, Ended]:
    workdir = Workdir(tmp_path_factory.mktemp("toy"))
    audio.write(workdir.folder / "song.wav", music(1, RATE), RATE)
    workdir.tracks({"track": "song", "mixture": "song.wav", "reference_drums": "song.wav"})
    runs = {"toy": RUN}
    return workdir, workdir.snakemake("all", runs=runs, sources=list(SOURCES), baselines=["codec", "hpss"])


def test_codes_are_asked_of_codecs_only(separated: tuple[Workdir, Ended]) -> None:
    _, ended = separated
    assert ended.status == 0, ended.output
    assert ended.jobs["steer"] == 1  # for all sources, which belong together
    assert "codes" not in ended.jobs
    assert "reconstruction" not in ended.jobs


def test_its_stems_are_scored_and_reported(separated: tuple[Workdir, Ended]) -> None:
    workdir, _ = separated
    stems = [workdir.audio(f"results/runs/toy/stems/song/{source}.wav")[0] for source in SOURCES]
    np.testing.assert_allclose(sum(stems), workdir.audio("song.wav")[0], atol=1e-4)
    assert set(workdir.table("results/scores.tsv").run) == {"toy", "hpss", "mixture", "silence"}
    page = workdir.text("results/report/index.html")
    assert "bands, MTT_vgg" in page
    record = workdir.json("results/runs/toy/stems/song/drums.json")
    assert "codes" not in record["ascent"]
    assert record["ascent"]["settings"]["steering"]["kind"] == "sharing"
