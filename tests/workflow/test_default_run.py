"""The default run through the workflow: stems of a stereo file, and sources that are asked for later."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stemsteer.sound import audio
from workdir import Ended, Workdir, music

RATE = 48_000
SHORT: dict[str, Any] = {
    "generator": {"kind": "components", "components": 6, "iterations": 30},
    "taggers": {"names": ["MTT_vgg", "instruments"]},
    "steering": {"kind": "perturbation", "subsets": 8, "chunk_seconds": 3, "overlap_seconds": 0.5},
    "mask": {"kind": "none"},
    "stem": {"kind": "steered"},
}
"""The default run, soon over."""
FIRST, LATER = ("drums", "guitar"), "vocals"
STEM = "results/runs/default/stems/song"


def prepare(folder: Any) -> Workdir:
    """Five seconds of real music, in two chunks."""
    workdir = Workdir(folder)
    audio.write(folder / "song.wav", music(5.003, RATE, 2), RATE)
    workdir.tracks({"track": "song", "mixture": "song.wav"})
    return workdir


def separate(workdir: Workdir, *sources: str, **run: Any) -> Ended:
    return workdir.snakemake("stems", sources=list(sources), runs={"default": {**SHORT, **run}})


def contents(workdir: Workdir, folder: str) -> dict[str, bytes]:
    """Of all files of a folder, by name."""
    return {path.name: path.read_bytes() for path in (workdir.folder / folder).iterdir()}


@pytest.fixture(scope="module")
def separated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workdir, Ended]:
    workdir = prepare(tmp_path_factory.mktemp("parts"))
    return workdir, separate(workdir, *FIRST)


def test_one_job_steers_to_all_sources_of_a_track(separated: tuple[Workdir, Ended]) -> None:
    _, ended = separated
    assert ended.status == 0, ended.output
    assert ended.jobs == {"decode": 1, "steer": 1, "stem": 1, "stems": 1, "total": 4}


def test_what_is_soon_made_again_goes_unless_it_is_to_be_kept(separated: tuple[Workdir, Ended], tmp_path: Path) -> None:
    kept = prepare(tmp_path)
    ended = kept.snakemake("stems", sources=list(FIRST), runs={"default": SHORT}, keep_intermediates=True)
    assert ended.status == 0, ended.output
    for workdir, expected in ((separated[0], set[str]()), (kept, {f"{source}.wav" for source in FIRST})):
        estimates = workdir.folder / "results/runs/default/estimates/song"
        assert {path.name for path in estimates.glob("*.wav")} == expected
        assert {path.name for path in estimates.glob("*.json")} == {f"{source}.json" for source in FIRST}


def test_stem_and_other_part_add_up_to_the_stereo_mixture(separated: tuple[Workdir, Ended]) -> None:
    workdir, _ = separated
    mixture, _ = workdir.audio("song.wav")
    for source in FIRST:
        stem, rate = workdir.audio(f"{STEM}/{source}.wav")
        other, _ = workdir.audio(f"{STEM}/{source}.other.wav")
        assert rate == RATE
        assert stem.shape == other.shape == mixture.shape
        np.testing.assert_allclose(stem + other, mixture, rtol=0, atol=1e-6)
        assert not np.allclose(stem[:, 0], stem[:, 1])
        assert 0 < np.square(stem).sum() / np.square(mixture).sum() < 1


def test_the_record_tells_of_every_chunk_and_part(separated: tuple[Workdir, Ended]) -> None:
    workdir, _ = separated
    record = workdir.json(f"{STEM}/drums.json")
    assert record["stem_is"] == "steered"
    assert 0 <= record["ascent"]["presence"] <= 1
    assert [len(chunk["parts"]) for chunk in record["ascent"]["chunks"]] == [4 * 6] * 2


def test_a_source_asked_for_later_asks_the_taggers_nothing_again(
    separated: tuple[Workdir, Ended], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Answers stay as they are, sources that are there too, and the new one is the same as if asked for at first."""
    workdir, _ = separated
    answers = workdir.folder / "results/answers/song"
    before = {path.name: path.stat().st_mtime_ns for path in answers.iterdir()}
    assert len(before) == 2
    stems = {name: content for name, content in contents(workdir, STEM).items() if name.endswith(".wav")}
    later = separate(workdir, *FIRST, LATER)
    assert later.status == 0, later.output
    assert "decode" not in later.jobs
    assert {path.name: path.stat().st_mtime_ns for path in answers.iterdir()} == before
    log = workdir.text("logs/stem/default/song/all.log")
    assert all(f"the stem of {source} is there already, made with the same settings" in log for source in FIRST)
    found = contents(workdir, STEM)
    assert {name: found[name] for name in stems} == stems

    elsewhere = prepare(tmp_path_factory.mktemp("elsewhere"))
    ended = separate(elsewhere, *FIRST, LATER)
    assert ended.status == 0, ended.output
    assert contents(elsewhere, "results/answers/song") == contents(workdir, "results/answers/song")
    again = contents(elsewhere, STEM)
    assert len(again) == 3 * 3
    assert {name: again[name] for name in again if name.endswith(".wav")} == {
        name: found[name] for name in found if name.endswith(".wav")
    }


def test_another_temperature_shares_the_same_answers_out_anew(tmp_path: Any) -> None:
    workdir = prepare(tmp_path)
    assert separate(workdir, "drums").status == 0
    answers, stem = contents(workdir, "results/answers/song"), workdir.audio(f"{STEM}/drums.wav")[0]
    steering = {**SHORT["steering"], "temperature": 0.1}
    ended = separate(workdir, "drums", steering=steering)
    assert ended.status == 0, ended.output
    assert ended.jobs["steer"] == 1
    assert contents(workdir, "results/answers/song") == answers
    assert not np.array_equal(workdir.audio(f"{STEM}/drums.wav")[0], stem)
