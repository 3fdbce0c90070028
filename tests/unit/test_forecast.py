"""The plan before a run: hours, jobs that are left, and the time that finished ascents let expect."""

from pathlib import Path

import numpy as np
import pytest

from stemsteer import audio
from stemsteer.config import load_config
from stemsteer.files import write_json
from stemsteer.forecast import estimate, forecast, hours, jobs_left, lengths, steered_seconds
from stemsteer.plan import Plan, Stem, make_plan

RATE = 8000
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
    return make_plan(load_config({"tracks": "tracks.tsv", "sources": ["vocals", "drums"], "runs": {"mine": RUN}}))


def finish(track: str, source: str, device: str, seconds: float) -> None:
    """Leave the record of an ascent of one chunk of 10 s, in 20 steps."""
    chunk = {"start": 0, "stop": 441_000, "steps": 20, "seconds": seconds}
    path = estimate(Stem("mine", track, source), ".json")
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
    assert jobs_left(plan) == {"decode": 3, "encode": 3, "ascend": 6, "stem": 6}
    said = forecast(plan)
    assert "3, 2.5 min of audio; 1 cannot be read: broken" in said
    assert "6 ascents, 6 left" in said
    assert "known when the first ascent of the run is finished" in said
    assert "jobs left   3 decode, 3 encode, 6 ascend, 6 stem\n" in said


def test_the_time_is_that_of_finished_ascents(plan: Plan) -> None:
    # 0.1 s for a step on a second of audio; what another device took before does not count.
    finish("long", "vocals", "cpu", 9999)
    finish("long", "drums", "cuda", 10)
    finish("short", "vocals", "cuda", 30)
    left = steered_seconds(30, plan.config.runs["mine"])
    said = forecast(plan)
    assert f"{hours(left)} of chunks x 20 steps; {hours(left * 20 * 0.1)} on cuda, as measured in 2 finished" in said
    assert jobs_left(plan)["ascend"] == 3


def test_sources_together_are_one_job(plan: Plan) -> None:
    together = Plan(plan.config.model_copy(update={"sources_together": True}), plan.tracks)
    assert jobs_left(together)["ascend"] == 3


@pytest.mark.parametrize(
    ("seconds", "said"), [(5.2, "5 s"), (90, "1.5 min"), (5400, "1.5 h"), (9_000_000, "2,500.0 h")]
)
def test_times_are_told_in_a_unit_that_suits_them(seconds: float, said: str) -> None:
    assert hours(seconds) == said
