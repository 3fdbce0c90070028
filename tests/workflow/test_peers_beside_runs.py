"""Peers with random weights stand beside the runs: stems and scores of the sources that they can separate."""

import json
from importlib.metadata import version
from typing import Any

import numpy as np
import pytest

import peer_models
from stemsteer.models.weights import sha256
from stemsteer.sound import audio
from workdir import QUICK, Ended, Workdir, music

RATE = 32_000
SETTINGS: dict[str, Any] = {
    "sources": ["vocals", "guitar"],
    "runs": {"quick": {**QUICK, "sources": ["vocals"]}},
    "peers": {
        "demucs": {"package": "demucs", "weights": "repository", "model": "small"},
        "umx": {"package": "open-unmix", "weights": "umx"},
    },
}


@pytest.fixture(scope="module")
def workdir(tmp_path_factory: pytest.TempPathFactory) -> Workdir:
    folder = tmp_path_factory.mktemp("peers")
    peer_models.open_unmix(folder / "umx")
    peer_models.demucs(folder / "repository")
    song = music(1.2, RATE, channels=2)
    audio.write(folder / "song.wav", song, RATE)
    audio.write(folder / "part.wav", song * np.float32(0.5), RATE)
    workdir = Workdir(folder)
    references = {"reference_vocals": "part.wav", "reference_guitar": "part.wav"}
    workdir.tracks({"track": "song", "mixture": "song.wav", **references})
    return workdir


@pytest.fixture(scope="module")
def separated(workdir: Workdir) -> Ended:
    return workdir.snakemake("all", "results/comparisons.tsv", **SETTINGS)


def test_they_make_stems_of_their_sources(workdir: Workdir, separated: Ended) -> None:
    assert separated.status == 0, separated.output
    assert separated.jobs["peers"] == 2
    mixture, _ = workdir.audio("song.wav")
    stems = [workdir.audio(f"results/runs/{peer}/stems/song/vocals.wav") for peer in SETTINGS["peers"]]
    for stem, rate in stems:
        assert rate == RATE
        assert stem.shape == mixture.shape
        assert stem.any()
    assert np.abs(stems[0][0] - stems[1][0]).max() > 1e-3
    assert not list(workdir.folder.glob("results/runs/umx/*/song/guitar.*"))


def test_their_stems_say_what_they_were_made_with(workdir: Workdir, separated: Ended) -> None:
    for peer, package, file in (("umx", "openunmix", "umx/vocals-0123abcd.pth"), ("demucs", "demucs", "repository")):
        record = workdir.json(f"results/runs/{peer}/stems/song/vocals.json")
        assert record["versions"][package] == version(package)
        assert record["inputs_sha256"] == {"mixture": sha256(workdir.folder / "results/audio/song/mixture.wav")}
        assert (record["mixture"]["path"], record["stem_is"]) == ("song.wav", "separated")
        hashes = record["method"]["weights_sha256"]
        if peer == "umx":
            assert len(hashes) == 4 + 4 + 1
            assert hashes["vocals-0123abcd.pth"] == sha256(workdir.folder / file)
        else:
            assert hashes == {path.name: sha256(path) for path in (workdir.folder / file).iterdir()}
        assert f"Version of {package}</dt>" in workdir.text("results/report/index.html")


def test_they_stand_among_the_scores(workdir: Workdir, separated: Ended) -> None:
    scores = workdir.table("results/scores.tsv")
    of_peers = scores[scores.run.isin(SETTINGS["peers"])]
    assert of_peers[["run", "track", "source", "estimate"]].to_numpy().tolist() == [
        [peer, "song", "vocals", "separated"] for peer in SETTINGS["peers"]
    ]
    assert np.isfinite(of_peers.si_sdr_db).all()
    compared = workdir.table("results/comparisons.tsv")
    pairs = set(zip(compared.run, compared.against, strict=True))
    assert {("quick", "demucs"), ("demucs", "umx"), ("umx", "mixture")} <= pairs


def test_the_report_counts_them_among_the_baselines(workdir: Workdir, separated: Ended) -> None:
    assert json.loads(workdir.text("results/plan.json"))["baselines"] == list(SETTINGS["peers"])
    assert "<dt>Baselines</dt><dd>demucs, umx</dd>" in workdir.text("results/report/index.html")
    assert "did not run" not in workdir.text("results/report/index.html")


def test_other_weights_redo_what_came_from_them(workdir: Workdir, separated: Ended) -> None:
    with (workdir.folder / "umx/vocals-0123abcd.pth").open("ab") as file:
        file.write(b"changed")
    assert workdir.snakemake("-n", "results/scores.tsv", **SETTINGS).jobs == {"peers": 1, "scores": 1, "total": 2}
