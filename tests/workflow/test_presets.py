"""The ready-made runs through the whole workflow, with the weights that ship in the place of those to be fetched."""

from typing import Any

import numpy as np
import pytest

from stemsteer.settings.presets import presets
from stemsteer.sound import audio
from workdir import Ended, Workdir, music

RATE = 44100


def here(preset: str) -> dict[str, Any]:
    """A ready-made run with the weights that ship, soon over."""
    run = {"preset": preset, "names": ["MTT_musicnn"]}
    if "generator" in presets()[preset]:
        return {**run, "codec": "embedded", "steps": 1}
    return {**run, "generator": {"iterations": 5}, "steering": {"subsets": 4}}


@pytest.fixture(scope="module")
def workdir(tmp_path_factory: pytest.TempPathFactory) -> Workdir:
    folder = tmp_path_factory.mktemp("presets")
    audio.write(folder / "song.wav", music(1, RATE), RATE)
    workdir = Workdir(folder)
    workdir.tracks({"track": "song", "mixture": "song.wav"})
    return workdir


@pytest.fixture(scope="module")
def separated(workdir: Workdir) -> Ended:
    return workdir.snakemake("stems", runs={name: here(name) for name in presets()})


def test_every_ready_made_run_makes_stems(workdir: Workdir, separated: Ended) -> None:
    assert separated.status == 0, separated.output
    number = len(presets())
    assert separated.jobs["steer"] == separated.jobs["stem"] == number > 5
    assert separated.jobs["reconstruction"] == 1  # shared by all runs that need it
    records = {name: workdir.json(f"results/runs/{name}/stems/song/guitar.json") for name in presets()}
    assert records["tagbox-code"]["stem_is"] == records["tagbox-paper"]["stem_is"] == "residual"
    assert records["style-transfer"]["stem_is"] == records["mtat"]["stem_is"] == "steered"
    assert records["codec"]["stem_is"] == "masked"
    assert records["tagbox-code"]["ascent"]["settings"]["generator"]["codebook"] == "reinit-ema"
    assert records["tagbox-paper"]["ascent"]["settings"]["generator"]["codebook"] == "frozen"


@pytest.mark.parametrize(
    ("run", "whole"),
    [("tagbox-paper", "results/audio/song/mono.wav"), ("tagbox-code", "results/codes/embedded/song.wav")],
)
def test_the_parts_add_up_to_what_was_masked(workdir: Workdir, separated: Ended, run: str, whole: str) -> None:
    stem, other, expected = (
        workdir.audio(path)[0]
        for path in (
            f"results/runs/{run}/stems/song/guitar.wav",
            f"results/runs/{run}/stems/song/guitar.other.wav",
            whole,
        )
    )
    np.testing.assert_allclose(stem + other, expected, atol=1e-6)
    assert np.abs(stem).max() > 0.01


def test_the_reconstruction_is_at_the_level_of_the_file(workdir: Workdir, separated: Ended) -> None:
    song, reconstruction = (
        workdir.audio(path)[0][:, 0] for path in ("results/audio/song/mono.wav", "results/codes/embedded/song.wav")
    )
    assert reconstruction.shape == song.shape
    error = np.square(song - reconstruction).sum() / np.square(song).sum()
    quality = workdir.json("results/codes/embedded/song.json")
    assert -10 * np.log10(error) == pytest.approx(quality["snr_db"], abs=0.01)


def test_with_their_own_weights_they_are_planned(workdir: Workdir) -> None:
    """Without running: the paper's generator and taggers have to be fetched first."""
    runs = {name: {"preset": name} for name in presets()}
    planned = workdir.snakemake("-n", "stems", runs=runs)
    assert planned.status == 0, planned.output
    assert planned.jobs["steer"] == len(presets())


def test_a_run_that_there_is_not_is_told(workdir: Workdir) -> None:
    ended = workdir.snakemake("-n", runs={"mine": {"preset": "tagbox-cod"}})
    assert ended.status != 0
    assert "there is no ready-made run 'tagbox-cod' (did you mean tagbox-code?)" in ended.output
    assert "Traceback" not in ended.output
