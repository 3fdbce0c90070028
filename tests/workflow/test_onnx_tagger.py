"""A network of the user's own, in an ONNX file, steers, is recorded, and redoes what came from it when it changes."""

from pathlib import Path
from typing import Any

import pytest

import onnx_files
from onnx_files import RATE, WINDOW
from stemsteer.models.weights import sha256
from stemsteer.sound import audio
from workdir import Ended, Workdir, music

SETTINGS: dict[str, Any] = {
    "sources": {"low": None, "tones": {"mine": ["Low", "High"]}, "drums": {"mine": ["Noise"]}},
    "taggers": {
        "mine": {
            "kind": "onnx",
            "weights": "bank.onnx",
            "labels": "labels.txt",
            "sample_rate": RATE,
            "window_seconds": WINDOW / RATE,
        }
    },
    "runs": {
        "mine": {
            "mask": {"kind": "none"},
            "stem": {"kind": "steered"},
            "taggers": {"names": ["mine"]},
            "generator": {"kind": "components", "dictionaries": 1, "components": 6, "iterations": 5},
            "steering": {"kind": "perturbation", "subsets": 8, "competing": ["drums", "high"]},
        }
    },
}


@pytest.fixture(scope="module")
def workdir(tmp_path_factory: pytest.TempPathFactory) -> Workdir:
    folder = tmp_path_factory.mktemp("onnx")
    onnx_files.bank(folder / "bank.onnx")
    onnx_files.labels(folder / "labels.txt")
    audio.write(folder / "song.wav", music(1, 44100), 44100)
    workdir = Workdir(folder)
    workdir.tracks({"track": "song", "mixture": "song.wav"})
    return workdir


@pytest.fixture(scope="module")
def separated(workdir: Workdir) -> Ended:
    return workdir.snakemake("stems", **SETTINGS)


def test_it_steers_to_its_labels(workdir: Workdir, separated: Ended) -> None:
    assert separated.status == 0, separated.output
    for source, tags in (("low", ["Low"]), ("tones", ["Low", "High"]), ("drums", ["Noise"])):
        tagger = workdir.json(f"results/runs/mine/stems/song/{source}.json")["ascent"]["taggers"]["mine"]
        assert tagger["sha256"] == sha256(workdir.folder / "bank.onnx")
        assert tagger["tags"] == tags


@pytest.mark.parametrize(("file", "change"), [("bank.onnx", {"last": "Sigmoid"}), ("labels.txt", {})])
def test_another_file_redoes_the_run(workdir: Workdir, separated: Ended, file: str, change: dict[str, Any]) -> None:
    assert workdir.snakemake("-n", "stems", **SETTINGS).jobs == {}
    path: Path = workdir.folder / file
    before = path.read_bytes()
    if change:
        onnx_files.bank(path, **change)
    else:
        onnx_files.labels(path, "High", "Low", "Noise")
    assert workdir.snakemake("-n", "stems", **SETTINGS).jobs["steer"] == 1
    path.write_bytes(before)


def test_a_network_that_does_not_fit_its_labels_is_told(workdir: Workdir, separated: Ended) -> None:
    onnx_files.labels(workdir.folder / "more.txt", "Low", "High", "Noise", "More")
    tagger = {**SETTINGS["taggers"]["mine"], "labels": "more.txt"}
    ended = workdir.snakemake("stems", **{**SETTINGS, "taggers": {"mine": tagger}})
    assert ended.status != 0
    assert "bank.onnx: there are 4 labels, so one output has to be [batch, 4]" in ended.output
    assert "Traceback" not in ended.output
