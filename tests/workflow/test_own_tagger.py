"""A tagger with weights of the user's own steers, is recorded, and redoes what came from it when it changes."""

from typing import Any

import pytest
import torch

from random_weights import random_weights
from stemsteer.models.weights import sha256
from stemsteer.sound import audio
from stemsteer.taggers.sota_music_tagging.short import Short
from workdir import QUICK, Ended, Workdir, music

RATE = 44100
SETTINGS: dict[str, Any] = {
    "taggers": {"mine": {"architecture": "short", "vocabulary": "jamendo", "weights": "short.pth"}},
    "runs": {"mine": {**QUICK, "names": ["mine", "MTT_musicnn"]}},
}


@pytest.fixture(scope="module")
def workdir(tmp_path_factory: pytest.TempPathFactory) -> Workdir:
    folder = tmp_path_factory.mktemp("own")
    shapes = {name: tuple(tensor.shape) for name, tensor in Short().state_dict().items()}
    torch.save(random_weights(shapes), folder / "short.pth")
    audio.write(folder / "song.wav", music(1, RATE), RATE)
    workdir = Workdir(folder)
    workdir.tracks({"track": "song", "mixture": "song.wav"})
    return workdir


@pytest.fixture(scope="module")
def separated(workdir: Workdir) -> Ended:
    return workdir.snakemake("stems", **SETTINGS)


def test_it_steers_beside_a_published_one(workdir: Workdir, separated: Ended) -> None:
    assert separated.status == 0, separated.output
    taggers = workdir.json("results/runs/mine/stems/song/guitar.json")["ascent"]["taggers"]
    assert taggers["mine"]["sha256"] == sha256(workdir.folder / "short.pth")
    assert taggers["mine"]["licence"] == "unknown (a local file)"
    assert taggers["mine"]["tags"] == ["instrument---guitar"]
    assert taggers["MTT_musicnn"]["tags"] == ["guitar"]


def test_other_weights_redo_the_run(workdir: Workdir, separated: Ended) -> None:
    assert workdir.snakemake("-n", "stems", **SETTINGS).jobs == {}
    weights = workdir.folder / "short.pth"
    weights.touch()
    assert workdir.snakemake("-n", "stems", **SETTINGS).jobs == {}
    before = weights.read_bytes()
    weights.write_bytes(before[::-1])
    assert workdir.snakemake("-n", "stems", **SETTINGS).jobs == {"steer": 1, "stem": 1, "stems": 1, "total": 3}
    weights.write_bytes(before)


@pytest.mark.parametrize(
    ("taggers", "sentence"),
    [
        (
            {"mine": {**SETTINGS["taggers"]["mine"], "weights": "none.pth"}},
            "taggers.mine.weights: path does not point to a file",
        ),
        ({"mine": {**SETTINGS["taggers"]["mine"], "architecture": "vgg"}}, "taggers.mine.architecture"),
        ({"MTT_vgg": SETTINGS["taggers"]["mine"]}, "taggers.MTT_vgg: that is a tagger of resources/models.yaml"),
    ],
)
def test_a_mistake_is_told(workdir: Workdir, taggers: dict[str, Any], sentence: str) -> None:
    ended = workdir.snakemake("-n", **{**SETTINGS, "taggers": taggers})
    assert ended.status != 0
    assert sentence in ended.output
    assert "Traceback" not in ended.output


def test_weights_of_another_architecture_are_told(workdir: Workdir) -> None:
    wrong = {"mine": {**SETTINGS["taggers"]["mine"], "architecture": "fcn"}}
    ended = workdir.snakemake("stems", **{**SETTINGS, "taggers": wrong})
    assert ended.status != 0
    assert "short.pth: not the weights of FCN" in ended.output
    assert "Traceback" not in ended.output
