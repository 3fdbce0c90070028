"""A tagger of AudioSet steers in the workflow, also to bass, which the default tagger has no tag for."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from random_weights import random_mobilenet_weights
from stemsteer.models.registry import registry
from stemsteer.models.weights import sha256
from stemsteer.sound import audio
from stemsteer.taggers.efficientat.mobilenet import MobileNet
from workdir import REPOSITORY, Ended, Workdir, music

RATE = 44_100
SOURCES = ("bass", "flute")
PUBLISHED = "mn04-audioset"
MODEL = registry()[PUBLISHED]
ANY_WEIGHTS = """
from stemsteer.models.registry import registry

registry()["mn04-random"] = registry()["mn04-audioset"].model_copy(update={"sha256": None})
"""
QUICK: dict[str, Any] = {
    "generator": {"kind": "components", "components": 4, "iterations": 5, "dictionaries": 1},
    "steering": {"kind": "perturbation", "subsets": 4, "chunk_seconds": 3},
    "mask": {"kind": "none"},
    "stem": {"kind": "steered"},
}


@pytest.fixture(scope="module")
def workdir(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A folder with a song, and a file of random weights in the place of the published ones.

    Every Python process registers, before anything else, a tagger whose weights may be any.
    """
    folder = tmp_path_factory.mktemp("audioset")
    (folder / "sitecustomize.py").write_text(ANY_WEIGHTS)
    shapes = {name: tuple(tensor.shape) for name, tensor in MobileNet(0.4, 527).state_dict().items()}
    (folder / str(MODEL.file)).parent.mkdir()
    torch.save(random_mobilenet_weights(shapes), folder / str(MODEL.file))
    audio.write(folder / "song.wav", music(3, RATE), RATE)
    workdir = Workdir(folder)
    workdir.tracks({"track": "song", "mixture": "song.wav"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", f"{folder}:{REPOSITORY / 'scripts'}")
        patch.setenv("STEMSTEER_MODELS", str(folder))
        yield workdir


def separated(workdir: Workdir, tagger: str) -> Ended:
    runs = {"quick": {**QUICK, "taggers": {"names": [tagger]}}}
    return workdir.snakemake("stems", sources=list(SOURCES), runs=runs)


def test_it_makes_stems(workdir: Workdir) -> None:
    ended = separated(workdir, "mn04-random")
    assert ended.status == 0, ended.output
    stems = "results/runs/quick/stems/song"
    mixture, _ = workdir.audio("song.wav")
    for source in SOURCES:
        stem, _ = workdir.audio(f"{stems}/{source}.wav")
        other, _ = workdir.audio(f"{stems}/{source}.other.wav")
        assert np.abs(stem).max() > 0
        np.testing.assert_allclose(stem + other, mixture, rtol=0, atol=1e-5)
    assert sha256(workdir.folder / str(MODEL.file)) in workdir.text(f"{stems}/bass.json")


def test_other_weights_than_the_published_ones_are_refused(workdir: Workdir) -> None:
    ended = separated(workdir, PUBLISHED)
    assert ended.status != 0
    assert f"{Path(str(MODEL.file)).name} is not the published file of {PUBLISHED} (its sha256 is" in ended.output
    assert "Traceback" not in ended.output
