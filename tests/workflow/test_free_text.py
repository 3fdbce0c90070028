"""Sources in the user's own words, told apart by a tiny CLAP, from the config to the stems."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tiny_clap
from stemsteer.files import read_json
from stemsteer.sound import audio
from tiny_clap import NAME
from workdir import REPOSITORY, Ended, Workdir, music

RATE = 44100
SOURCES = ("distorted electric guitar", "hand claps")
SETTINGS: dict[str, Any] = {
    "sources": list(SOURCES),
    "runs": {
        "texts": {
            "mask": {"kind": "none"},
            "stem": {"kind": "steered"},
            "taggers": {"names": [NAME]},
            "generator": {"kind": "components", "dictionaries": 1, "components": 6, "iterations": 5},
            "steering": {"kind": "perturbation", "subsets": 8, "competing": ["a choir"]},
        }
    },
}


@pytest.fixture(scope="module")
def workdir(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A folder with a song, in which every Python process registers the checkpoint before anything else."""
    folder = tmp_path_factory.mktemp("texts")
    weights = tiny_clap.save(folder / "models" / "tiny")
    site = tmp_path_factory.mktemp("site")
    register = f"from pathlib import Path\n\nimport tiny_clap\n\ntiny_clap.register(Path({str(weights)!r}))\n"
    (site / "sitecustomize.py").write_text(register)
    audio.write(folder / "song.wav", music(2, RATE), RATE)
    workdir = Workdir(folder)
    workdir.tracks({"track": "song", "mixture": "song.wav"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", ":".join(map(str, (site, REPOSITORY / "tests", REPOSITORY / "scripts"))))
        patch.setenv("STEMSTEER_MODELS", str(folder / "models"))
        yield workdir


@pytest.fixture(scope="module")
def separated(workdir: Workdir) -> Ended:
    return workdir.snakemake("stems", **SETTINGS)


def stem_of(workdir: Workdir, source: str) -> tuple[Path, dict[str, Any]]:
    """The stem of a source, whose name in paths is another one, and its record."""
    records = {path: read_json(path) for path in workdir.folder.glob("results/runs/texts/stems/song/*.json")}
    ((path, record),) = [(path, record) for path, record in records.items() if record["source"] == source]
    return path.with_suffix(".wav"), record


def test_each_text_has_a_stem(workdir: Workdir, separated: Ended) -> None:
    assert separated.status == 0, separated.output
    mixture, stems = audio.read(workdir.folder / "song.wav")[0], []
    for source in SOURCES:
        path, record = stem_of(workdir, source)
        assert record["ascent"]["taggers"][NAME]["tags"] == [f"the sound of {source}"]
        stems.append(audio.read(path)[0])
        assert stems[-1].shape == mixture.shape
        assert 0 < np.abs(stems[-1]).max() < 2 * np.abs(mixture).max()
    assert np.abs(stems[0] - stems[1]).max() > 1e-3


def test_a_text_is_no_source_to_taggers_with_a_vocabulary(workdir: Workdir) -> None:
    ended = workdir.snakemake("-n", "stems", **{**SETTINGS, "runs": {"tags": {"names": ["MTT_vgg"]}}})
    assert ended.status != 0
    assert "there is no source or tag 'distorted electric guitar'" in ended.output
