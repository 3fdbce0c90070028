"""The demo, cut short: the config as it comes, in another folder, with as few steps as show that all of it works."""

import base64
import json
import re
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stemsteer.names import slug
from workdir import Ended, Workdir, snakemake

SONG = "The Easton Ellises - Falcon 69"
ROWS = [
    *(("default", "steered"), ("default", "residual"), ("codec", "masked"), ("codec", "residual")),
    *(("oracle-mask", "masked"), ("codec-embedded", "reconstruction"), ("codec-oracle-embedded", "masked")),
    *(("hpss", "masked"), ("repet-sim", "masked")),
    *(("mixture", "mixture"), ("silence", "silence")),
]
"""Runs and their estimates."""
RUNS = {
    "default": {"generator": {"iterations": 5}, "steering": {"subsets": 4}},
    "codec": {"steering": {"steps": 1}, "mask": {"fft_sizes": [512]}},
}
SHORT = ("--config", f"runs={json.dumps(RUNS)}")
SAMPLES = 260190
"""Of the excerpt, 5.9 s at 44.1 kHz."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workdir, Ended]:
    folder = tmp_path_factory.mktemp("demo")
    return Workdir(folder), snakemake(folder, *SHORT)


def test_the_demo_runs_in_any_folder(demo: tuple[Workdir, Ended]) -> None:
    _, ended = demo
    assert ended.status == 0, ended.output
    assert ended.jobs["falcon69"] == 1


def test_the_scores_are_tidy(demo: tuple[Workdir, Ended]) -> None:
    workdir, _ = demo
    scores = workdir.table("results/scores.tsv")
    assert list(scores.track.unique()) == [SONG]
    assert sorted(zip(scores.source, scores.run, scores.estimate, strict=True)) == sorted(
        (source, *row) for source in ("drums", "vocals") for row in ROWS
    )
    figures = scores.set_index(["source", "run", "estimate"])
    for source in ("drums", "vocals"):
        assert figures.loc[(source, "silence", "silence"), "snr_db"] == 0
        assert figures.loc[(source, "mixture", "mixture"), "si_sdr_improvement_db"] == 0
        own = ["si_sdr_db", "snr_db", "sdr_db", "sir_db", "level_db", "tag_probability"]
        for run, stem in (("default", "steered"), ("codec", "masked")):
            assert np.isfinite(figures.loc[(source, run, stem), own]).all()


def test_every_stem_has_its_provenance(demo: tuple[Workdir, Ended]) -> None:
    workdir, _ = demo
    stems = [path for path in (workdir.folder / "results/runs").rglob("stems/*/*.wav") if ".other" not in path.name]
    assert len(stems) == 2 * 7
    for stem in stems:
        record = workdir.json(str(stem.relative_to(workdir.folder).with_suffix(".json")))
        assert (slug(record["run"]), record["track"], record["source"]) == (stem.parts[-4], SONG, stem.stem)
        assert record["mixture"]["sample_rate"] == 44_100
        assert record["versions"]["torch"]
    steered, *codecs = (
        workdir.json(f"results/runs/{run}/stems/{slug(SONG)}/drums.json")
        for run in ("codec", "codec-embedded", "codec-oracle-embedded")
    )
    for record in codecs:
        assert record["method"]["generator_sha256"] == steered["ascent"]["generator_sha256"]
    assert [sorted(record["inputs_sha256"]) for record in codecs] == [["mixture"], ["mixture", "reference"]]
    assert workdir.json(f"results/runs/hpss/stems/{slug(SONG)}/drums.json")["method"]["settings"]["median_frames"] == 31
    assert "museval" in workdir.json(f"results/runs/default/scores/{slug(SONG)}/drums.json")["versions"]


def test_the_parts_are_those_of_the_excerpt(demo: tuple[Workdir, Ended]) -> None:
    workdir, _ = demo
    mixture, rate = workdir.audio("results/datasets/falcon69/mixture.wav")
    excerpt = mixture[round(0.1 * rate) :][:SAMPLES]
    for run, source in product(RUNS, ("drums", "vocals")):
        stem, _ = workdir.audio(f"results/runs/{run}/stems/{slug(SONG)}/{source}.wav")
        other, _ = workdir.audio(f"results/runs/{run}/stems/{slug(SONG)}/{source}.other.wav")
        np.testing.assert_allclose(stem + other, excerpt, rtol=0, atol=1e-6)


def test_the_report_lets_one_listen(demo: tuple[Workdir, Ended]) -> None:
    workdir, _ = demo
    page = workdir.text("results/report/index.html")
    assert "What is missing" not in page
    heard = {path.name for path in (workdir.folder / "results/report/audio").rglob("*.flac")}
    parts = {f"{source}.{part}.flac" for source in ("drums", "vocals") for part in ("stem", "other", "reference")}
    assert heard == {"mixture.flac", *parts}


def test_everything_is_under_results_and_logs(demo: tuple[Workdir, Ended]) -> None:
    workdir, _ = demo
    assert sorted(path.name for path in workdir.folder.iterdir()) == [".snakemake", "logs", "results"]


def test_the_benchmark_sets_the_papers_figures_beside(demo: tuple[Workdir, Ended]) -> None:
    workdir, _ = demo
    ended = snakemake(workdir.folder, "benchmark", *SHORT)
    assert ended.status == 0, ended.output
    assert ended.jobs == {"paper": 1, "benchmark": 1, "total": 2}
    paper = workdir.table("results/paper.tsv")
    ours = paper[paper.tracks > 0].set_index(["run", "source"])
    assert {source for _, source in ours.index} == {"drums", "vocals"}
    means = workdir.table("results/summary.tsv").set_index(["run", "source"]).sdr_improvement_db_mean
    for place, row in ours.iterrows():
        assert row.sdr_improvement_db == means[place]
        assert row.silence_sdr_improvement_db == means["silence", place[1]]


def test_snakemakes_own_report_needs_no_network(
    demo: tuple[Workdir, Ended], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workdir, _ = demo
    for proxy in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy"):
        monkeypatch.setenv(proxy, "http://127.0.0.1:9")  # where nothing answers
    ended = snakemake(workdir.folder, "--report", str(tmp_path / "report.html"), *SHORT)
    assert ended.status == 0, ended.output
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert not re.findall(r"""(?:src|href)\s*=\s*["']?https?:""", page)
    assert data(page, "categories") == {
        "Scores": {"Other": ["results/comparisons.tsv", "results/scores.tsv", "results/summary.tsv"]},
        "Distributions": {"Other": [f"results/figures/{figure}.svg" for figure in ("distributions", "levels", "tags")]},
    }
    results = data(page, "results")
    for path, words in {
        "results/scores.tsv": "a row for each run, track, source and estimate",
        "results/summary.tsv": "95 % interval of the mean",
        "results/comparisons.tsv": "the mean of the paired differences",
        "results/figures/levels.svg": "Every dot is a track",
    }.items():
        assert words in results[path]["caption"]
        content = base64.b64decode(results[path]["data_uri"].split(",", 1)[1])
        assert content == (workdir.folder / path).read_bytes()


def data(page: str, name: str) -> Any:
    """What Snakemake's report carries under a name."""
    return json.JSONDecoder().raw_decode(page, page.index(f"var {name} = {{") + len(f"var {name} = "))[0]
