"""Scores: against museval, against other libraries' figures, against arithmetic, and in the presence of silence."""

import runpy
from collections import OrderedDict
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from stemsteer.files import read_json, write_json
from stemsteer.scores import bsseval, metrics
from stemsteer.sound import audio
from stemsteer.sound.references import Reference

RATE = 8000
MUSIC = Path(__file__).parents[1] / "data/feelings_16khz.flac"
SCRIPT = Path(__file__).parents[2] / "scripts" / "evaluate.py"


def music(seed: int, seconds: float = 3.0, channels: int = 1) -> audio.Signal:
    """Noise with a spectrum and a changing level."""
    random = np.random.default_rng(seed)
    samples = round(seconds * RATE)
    coloured = np.cumsum(random.standard_normal((samples, channels)), axis=0) * 0.01 + random.standard_normal(
        (samples, 1)
    )
    level = np.interp(np.arange(samples), np.linspace(0, samples, 12), random.uniform(0.1, 1, 12))
    return (0.1 * coloured * level[:, None]).astype(np.float32)


SOURCE, REST, NOISE = music(1), music(2), music(3)
MIXTURE = SOURCE + REST
ESTIMATE = 0.7 * SOURCE + 0.2 * REST + 0.05 * NOISE
IMPROVEMENTS = ("si_sdr_improvement_db", "snr_improvement_db", "sdr_improvement_db")
ALONE = "the mixture is the source, all else lies 60 dB below it: improvements are undefined"


def row(estimate: str, source=SOURCE, mixture=MIXTURE, masked=ESTIMATE) -> dict:
    rows = metrics.score(source, mixture, {"masked": masked, "residual": mixture - masked}, RATE)
    assert [list(r) for r in rows] == [list(rows[0])] * 4
    assert set(rows[0]) == set(metrics.COLUMNS[3:])
    return next(r for r in rows if r["estimate"] == estimate)


def by_museval(source, mixture, estimate):
    """museval's figures of the source in the pair of source and rest: `[4, frames]`."""
    import museval

    pair = [np.stack([a, mixture - a]).astype(np.float64) for a in (source, estimate)]
    return np.array(museval.evaluate(*pair, win=RATE, hop=RATE))[:, 0]


@pytest.mark.parametrize("part", ["masked", "residual"])
@pytest.mark.parametrize(("seconds", "channels"), [(2.6, 1), (2.6, 2), (0.2, 2)])
def test_bsseval_is_musevals(part, seconds, channels):
    source, rest, noise = (music(seed, seconds, channels) for seed in (1, 2, 3))
    mixture = source + rest
    masked = 0.7 * source + 0.2 * rest + 0.05 * noise
    estimate = masked if part == "masked" else mixture - masked
    ours = bsseval.bsseval(source, mixture, [noise, estimate], RATE)[1]
    np.testing.assert_allclose(ours, by_museval(source, mixture, estimate), atol=1e-4)


def test_medians_are_those_of_musevals_store():
    import museval

    vocals, drums, bass, other, noise = (music(seed, 2.6) for seed in range(1, 6))
    mixture = vocals + drums + bass + other
    references = {"vocals": vocals, "drums": drums, "bass": bass, "accompaniment": mixture - vocals}
    estimates = {name: 0.6 * source + 0.2 * mixture + 0.05 * noise for name, source in references.items()}
    estimates["accompaniment"] = mixture - estimates["vocals"]
    targets = OrderedDict((name, SimpleNamespace(audio=source.astype(float))) for name, source in references.items())
    track = SimpleNamespace(name="t", rate=RATE, targets=targets)
    store = museval.EvalStore(frames_agg="median")
    store.add_track(museval.eval_mus_track(track, {name: e.astype(float) for name, e in estimates.items()}))
    theirs = store.agg_frames_tracks_scores().unstack()
    # Of the vocals the store has the pair with the accompaniment, as we have of every source. With every source apart,
    # what belongs to which interferer is another question (SIR, SAR), how large the error is is not.
    compared = {"vocals": ["sdr", "isr", "sir", "sar"], "drums": ["sdr", "isr"], "bass": ["sdr", "isr"]}
    for name, figures in compared.items():
        scored = row("masked", references[name], mixture, estimates[name])
        ours = [scored[f"{figure}_db"] for figure in figures]
        assert ours == pytest.approx([theirs[figure.upper()][name] for figure in figures], abs=1e-4)


def test_frames_without_the_source_are_nan_as_in_museval():
    source = SOURCE.copy()
    source[RATE : 2 * RATE] = 0
    mixture = source + REST
    ours = bsseval.bsseval(source, mixture, [ESTIMATE], RATE)[0]
    np.testing.assert_allclose(ours, by_museval(source, mixture, ESTIMATE), atol=1e-6)
    assert np.isnan(ours).tolist() == [[False, True, False]] * 4
    scored = row("masked", source, mixture)
    assert (scored["frames"], scored["nan_frames"]) == (3, 1)
    assert scored["sdr_db"] == pytest.approx(np.mean([ours[0, 0], ours[0, 2]]))


def test_blocks_do_not_show(monkeypatch):
    whole = bsseval.bsseval(SOURCE, MIXTURE, [ESTIMATE], RATE), metrics.si_sdr(SOURCE, ESTIMATE)
    monkeypatch.setattr(bsseval, "BLOCK", 3000)
    monkeypatch.setattr(metrics, "BLOCK", 1000)
    np.testing.assert_allclose(bsseval.bsseval(SOURCE, MIXTURE, [ESTIMATE], RATE), whole[0], atol=1e-6)
    assert metrics.si_sdr(SOURCE, ESTIMATE) == pytest.approx(whole[1], abs=1e-9)


def test_equal_channels_score_as_one_channel():
    # Their correlations are a singular matrix, the least-squares problem all the same a sound one.
    one = bsseval.bsseval(SOURCE, MIXTURE, [ESTIMATE], RATE)
    source, mixture, estimate = (np.repeat(a, 2, axis=1) for a in (SOURCE, MIXTURE, ESTIMATE))
    np.testing.assert_allclose(bsseval.bsseval(source, mixture, [estimate], RATE), one, atol=1e-4)


def test_figures_of_other_libraries():
    # torchmetrics 1.9.0 on both channels as one vector, in float64 (and fast-bss-eval 0.1.4 for the SI-SDR).
    random = np.random.default_rng(7)
    source, noise = random.standard_normal((4000, 2)), random.standard_normal((4000, 2))
    estimate = (0.6 * source + 0.25 * noise + 0.1 * np.roll(source, 3, axis=0)).astype(np.float32)
    assert metrics.si_sdr(source.astype(np.float32), estimate) == pytest.approx(6.866266105, abs=1e-6)
    assert metrics.snr(source.astype(np.float32), estimate) == pytest.approx(6.328637857, abs=1e-6)


def test_figures_of_other_libraries_on_music():
    # torchmetrics 1.9.0 and, for the SI-SDR, fast-bss-eval 0.1.4, as above.
    song, _ = audio.read(MUSIC)
    source = np.concatenate([song[:32000], song[32000:64000]], axis=1)
    rest = np.concatenate([song[64000:], song[48000:80000]], axis=1)
    estimate = (0.8 * source + 0.3 * rest).astype(np.float32)
    assert metrics.si_sdr(source, estimate) == pytest.approx(10.397376199, abs=1e-6)
    assert metrics.snr(source, estimate) == pytest.approx(10.209877171, abs=1e-6)


def test_known_ratios():
    source = np.array([[1], [1], [1], [1]], np.float32)
    error = np.array([[1], [-1], [1], [-1]], np.float32)  # orthogonal to the source, and as strong
    assert metrics.snr(source, source + 0.1 * error) == pytest.approx(20, abs=1e-5)
    assert metrics.si_sdr(source, 3 * (source + 0.1 * error)) == pytest.approx(20, abs=1e-5)
    assert metrics.snr(source, 0.5 * source) == pytest.approx(20 * np.log10(2))
    assert metrics.level_db(source, 0.5 * source) == pytest.approx(-20 * np.log10(2))
    assert metrics.snr(source, source) == np.inf
    assert metrics.si_sdr(source, error) == -np.inf


def test_improvements_are_differences_to_the_mixture():
    masked, mixture = row("masked"), row("mixture")
    for figure in ("si_sdr", "snr", "sdr"):
        assert masked[f"{figure}_improvement_db"] == masked[f"{figure}_db"] - mixture[f"{figure}_db"]
        assert mixture[f"{figure}_improvement_db"] == 0
    assert masked["snr_db"] == metrics.snr(SOURCE, ESTIMATE)
    assert masked["si_sdr_db"] == metrics.si_sdr(SOURCE, ESTIMATE)
    assert masked["warning"] == ""


def test_the_mixture_scores_as_in_museval():
    import museval

    pair = np.stack([SOURCE, MIXTURE - SOURCE]).astype(np.float64)
    sdr, isr, sir, _ = museval.evaluate(pair, np.stack([MIXTURE, MIXTURE]), win=RATE, hop=RATE)
    scored = row("mixture")
    for figure, values in (("sdr", sdr), ("isr", isr), ("sir", sir)):
        assert scored[f"{figure}_db"] == pytest.approx(np.median(values[0]), abs=1e-6)
    assert scored["sar_db"] > 200  # all of it is source and rest


def test_a_perfect_estimate_has_an_infinite_sdr_as_in_musevals_frames():
    source = SOURCE.copy()
    source[:RATE] = 0
    mixture = source + REST
    sdr = by_museval(source, mixture, source)[0]
    assert np.isnan(sdr).tolist() == [True, False, False]
    scored = row("masked", source, mixture, source)
    assert scored["sdr_db"] == np.nanmedian(sdr) == np.inf
    assert scored["sdr_improvement_db"] == np.inf
    assert scored["nan_frames"] == 1


def test_silence_scores_what_the_mixture_lacks():
    scored = row("silence")
    assert (scored["snr_db"], scored["sdr_db"], scored["isr_db"]) == (0, 0, 0)
    assert scored["snr_improvement_db"] == -row("mixture")["snr_db"]
    assert scored["sdr_improvement_db"] == -row("mixture")["sdr_db"]
    assert np.isnan([scored["si_sdr_db"], scored["sir_db"], scored["sar_db"]]).all()
    assert scored["level_db"] == -np.inf
    assert scored["warning"] == "the estimate is silent: SI-SDR, SIR and SAR are undefined"


def test_silence_is_the_limit_of_an_estimate_made_ever_quieter():
    quiet = row("masked", masked=1e-6 * ESTIMATE)
    assert [quiet[f"{figure}_db"] for figure in ("snr", "sdr", "isr")] == pytest.approx([0, 0, 0], abs=1e-4)


def test_a_silent_stem_keeps_its_row():
    silent, silence = row("masked", masked=0 * ESTIMATE), row("silence")
    np.testing.assert_equal({**silent, "estimate": "silence"}, silence)


@pytest.mark.parametrize("estimate", ["masked", "silence"])
def test_a_silent_reference_leaves_all_undefined(estimate):
    scored = row(estimate, source=0 * SOURCE)
    assert all(np.isnan(value) for column, value in scored.items() if column.endswith("_db"))
    assert (scored["frames"], scored["nan_frames"]) == (3, 3)
    assert "the reference is silent" in scored["warning"]


def test_a_source_without_company():
    scored = row("masked", mixture=SOURCE)
    assert np.isnan(scored["sdr_db"])
    assert scored["snr_db"] == metrics.snr(SOURCE, ESTIMATE)
    assert np.isnan([scored[column] for column in IMPROVEMENTS]).all()
    assert scored["warning"] == f"{ALONE}; it holds nothing else at all: BSSEval is undefined"


def test_a_source_without_company_but_for_rounding():
    """A mixture of 16 bits, where the reference has more."""
    mixture = np.round(SOURCE * 2**15).astype(np.float32) / 2**15
    for estimate in ("masked", "mixture", "silence"):
        scored = row(estimate, mixture=mixture)
        assert np.isnan([scored[column] for column in IMPROVEMENTS]).all()
        assert scored["warning"].startswith(ALONE)
    assert row("masked", mixture=mixture)["sdr_db"] == pytest.approx(row("masked")["sdr_db"], abs=0.5)


@pytest.mark.parametrize(("rest_db", "alone"), [(-60.1, True), (-59.9, False)])
def test_company_counts_down_to_60_dB_below_the_source(rest_db, alone):
    rest = REST * 10 ** ((rest_db - metrics.level_db(SOURCE, REST)) / 20)
    scored = row("masked", mixture=SOURCE.astype(np.float64) + rest)
    assert np.isnan([scored[column] for column in IMPROVEMENTS]).tolist() == [alone] * 3
    assert scored["warning"] == (ALONE if alone else "")


def test_a_track_shorter_than_a_frame_is_one_frame():
    short = [a[: RATE // 5] for a in (SOURCE, MIXTURE, ESTIMATE)]
    scored = row("masked", *short)
    assert (scored["frames"], scored["nan_frames"]) == (1, 0)
    assert scored["sdr_db"] == pytest.approx(scored["snr_db"], abs=1e-6)
    assert scored["warning"] == "shorter than 1 s: BSSEval over one frame of 0.200 s"


def run_script(folder: Path, parts: tuple[str, str], suffix: str) -> pd.DataFrame:
    """Run scripts/evaluate.py as Snakemake does, on a stem and its other part in `folder`."""
    signals = {"masked": ESTIMATE, "residual": MIXTURE - ESTIMATE}
    subtype = "FLOAT" if suffix == ".wav" else "PCM_24"
    audio.write(folder / "mixture.wav", MIXTURE, RATE)
    audio.write(folder / "bass.wav", SOURCE, RATE)
    write_json(folder / "bass.json", Reference(path="bass.mp3", finding="was late and was moved").model_dump())
    for name, part in zip(("stem", "other"), parts, strict=True):
        audio.write(folder / f"{name}{suffix}", signals[part], RATE, subtype)
    job = SimpleNamespace(
        input=SimpleNamespace(
            mixture=str(folder / "mixture.wav"),
            reference=str(folder / "bass.wav"),
            about_reference=str(folder / "bass.json"),
            stem=str(folder / f"stem{suffix}"),
            other=str(folder / f"other{suffix}"),
        ),
        output=SimpleNamespace(scores=str(folder / "scores.tsv"), provenance=str(folder / "scores.json")),
        params=SimpleNamespace(parts=parts, judge=None, own_sources={}, run="r", track="t", source="bass"),
        threads=1,
        log=[str(folder / "log.txt")],
    )
    runpy.run_path(str(SCRIPT), init_globals={"snakemake": job}, run_name="__main__")
    return pd.read_csv(folder / "scores.tsv", sep="\t", keep_default_na=False, na_values=["nan"])


@pytest.mark.parametrize(("parts", "suffix"), [(("masked", "residual"), ".wav"), (("residual", "masked"), ".flac")])
def test_the_script_writes_the_table(tmp_path, parts, suffix):
    table = run_script(tmp_path, parts, suffix)
    assert tuple(table.columns) == metrics.COLUMNS
    assert list(table["estimate"]) == ["masked", "residual", "mixture", "silence"]
    assert list(table.iloc[0, :3]) == ["r", "t", "bass"]
    wanted = row("masked")
    for column in ("si_sdr_db", "sdr_db", "sar_db", "level_db"):
        assert table.loc[0, column] == pytest.approx(wanted[column], abs=1e-3)
    assert table.loc[3, "level_db"] == -np.inf
    assert list(table.reference) == ["moved"] * 4
    assert list(table.warning[:3]) == ["the reference was late and was moved"] * 3
    assert table.warning[3].startswith("the reference was late and was moved; the estimate is silent: ")
    assert read_json(tmp_path / "scores.json")["versions"]["museval"] == version("museval")
