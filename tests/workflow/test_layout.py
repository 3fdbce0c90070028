"""The library's description of results and jobs (jobs/layout.py) is that of the rules: the files of a dry run."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from stemsteer.jobs.layout import Job
from stemsteer.jobs.planned import jobs_of_all_tracks, jobs_of_tracks
from stemsteer.settings.config import load_config
from stemsteer.settings.plan import make_plan
from stemsteer.sound import audio
from workdir import QUICK, Ended, Workdir, music

RATE = 16000
RUNS: dict[str, Any] = {
    "quick": QUICK,
    "Quick": {**QUICK, "stem": {"kind": "residual"}},
    "through a codec": {**QUICK, "applied_to": "reconstruction", "sources": ["drums"]},
}
Files = tuple[str, str, frozenset[str]]
"""A job: its rule, its log and its outputs."""


def expected(job: Job) -> Files:
    return job.rule, str(job.log), frozenset(map(str, (*job.last, *job.others)))


def planned(ended: Ended, rules: set[str]) -> list[Files]:
    """The jobs of these rules in a dry run."""
    found = []
    for block in re.split(r"^(?:local)?rule ", ended.output, flags=re.MULTILINE)[1:]:
        rule = re.sub(r"_\d+$", "", block.split(":", 1)[0])
        facts = dict(re.findall(r"^    (output|log): (.*?)(?: \(send to|$)", block, re.MULTILINE))
        if rule in rules and "output" in facts:
            found.append((rule, facts["log"], frozenset(facts["output"].replace(" (update)", "").split(", "))))
    return found


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"sources_together": True},
        {"stems": {"container": "flac", "encoding": "int24"}, "baselines": []},
        {"runs": {"quick": {**QUICK, "names": ["MTT_vgg"]}}, "peers": {"My peer": None}},
    ],
    ids=["runs", "sources together", "flac", "peers"],
)
def test_the_layout_is_that_of_the_rules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any]
) -> None:
    monkeypatch.chdir(tmp_path)
    workdir = Workdir(tmp_path)
    audio.write(tmp_path / "song.wav", music(1, RATE), RATE)
    (tmp_path / "umx").mkdir()
    song = {"mixture": "song.wav", "sources": "vocals, drums", "reference_drums": "song.wav"}
    workdir.tracks({"track": "One <song>", **song}, {"track": "one", **song, "reference_vocals": "song.wav"})
    peers = {name: {"package": "open-unmix", "weights": "umx"} for name in settings.get("peers", {})}
    ended = workdir.snakemake("-n", **{"runs": RUNS, "baselines": ["hpss", "codec"], **settings, "peers": peers})
    assert ended.status == 0, ended.output
    plan = make_plan(load_config(yaml.safe_load(workdir.text("mine.yaml"))))
    jobs = [*jobs_of_tracks(plan), *jobs_of_all_tracks(plan)]
    described = sorted(map(expected, jobs), key=str)
    assert len(described) > 10
    assert sorted(planned(ended, {job.rule for job in jobs}), key=str) == described
