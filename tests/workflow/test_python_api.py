"""`stemsteer.separate` makes of samples what the workflow makes of their file: the same samples and the same scores."""

from typing import Any

import numpy as np
import pytest

import stemsteer
from stemsteer.names import slug
from stemsteer.scores.tables import gather
from stemsteer.sound import audio
from stemsteer.sound.audio import Signal
from workdir import Ended, Workdir, music

RATE = 48_000
TRACK = "My song"
SOURCES = ["drums", "guitar"]
CHUNKS = {"chunk_seconds": 1.5, "overlap_seconds": 0.3}
CODEC = {"generator": {"codec": "embedded"}, "taggers": {"names": ["MTT_vgg"]}}
RUNS: dict[str, dict[str, Any]] = {
    "default": {
        "generator": {"kind": "components", "components": 6, "iterations": 30},
        "steering": {"kind": "perturbation", "subsets": 8, **CHUNKS},
        "mask": {"kind": "none"},
        "stem": {"kind": "steered"},
    },
    "codec": {"preset": "codec", "steering": {"steps": 2, **CHUNKS}},
    "tagbox-code": {"preset": "tagbox-code", "steering": {"steps": 1}, **CODEC},
}
"""Runs that are soon over. The last one masks the reconstruction of its codec."""
SCORED = "default"
SCORES = f"results/runs/{SCORED}/scores/{slug(TRACK)}/guitar.tsv"


def guitar_and_mixture() -> tuple[Signal, Signal]:
    """A little real music in stereo, in two chunks, and the same with noise."""
    guitar = music(2.503, RATE, 2)
    noise = 0.05 * np.random.default_rng(0).standard_normal(guitar.shape, np.float32)
    return guitar, guitar + noise


@pytest.fixture(scope="module")
def workdir(tmp_path_factory: pytest.TempPathFactory) -> Workdir:
    folder = tmp_path_factory.mktemp("workflow")
    for file, signal in zip(("guitar.wav", "song.wav"), guitar_and_mixture(), strict=True):
        audio.write(folder / file, signal, RATE)
    workdir = Workdir(folder)
    workdir.tracks({"track": TRACK, "mixture": "song.wav", "reference_guitar": "guitar.wav"})
    return workdir


@pytest.fixture(scope="module")
def ended(workdir: Workdir) -> Ended:
    return workdir.snakemake("stems", SCORES, sources=SOURCES, runs=RUNS, judge="auto", device="cpu")


@pytest.mark.parametrize("run", RUNS)
def test_samples_and_scores_are_those_of_the_workflow(workdir: Workdir, ended: Ended, run: str) -> None:
    assert ended.status == 0, ended.output
    guitar, mixture = guitar_and_mixture()
    settings = dict(RUNS[run])
    separation = stemsteer.separate(
        mixture,
        RATE,
        sources=SOURCES,
        preset=settings.pop("preset", None),
        settings=settings,
        references={"guitar": guitar} if run == SCORED else None,
        device="cpu",
        name=TRACK,
        progress=False,
    )
    assert list(separation.stems) == SOURCES
    for source, stem in separation.stems.items():
        place = f"results/runs/{run}/stems/{slug(TRACK)}/{source}"
        expected, rate = workdir.audio(f"{place}.wav")
        assert rate == separation.sample_rate == RATE
        np.testing.assert_array_equal(stem, expected)
        record = workdir.json(f"{place}.json")
        assert separation.heard[source].probability == record["ascent"]["presence"]
        assert separation.heard[source].is_heard == (record["warning"] is None)
        assert (record["warning"] in separation.warnings) == (record["warning"] is not None)
    if run != SCORED:
        assert separation.scores is None
        return
    assert separation.scores is not None
    table = gather([workdir.folder / SCORES])
    assert list(separation.scores) == list(table)
    assert list(separation.scores.estimate) == list(table.estimate)
    for column in ("si_sdr_db", "snr_db", "sdr_db", "sir_db", "level_db", "tag_probability"):
        # museval's sums are taken in another order with another number of threads.
        np.testing.assert_allclose(separation.scores[column], table[column].astype(float), atol=1e-3, err_msg=column)
