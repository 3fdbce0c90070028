"""Results as a workflow leaves them, made of tones and noise: what the listening page is tested on."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.io import wavfile

from stemsteer.files import write_json
from stemsteer.names import slug
from stemsteer.report.collect import Collection
from stemsteer.report.written_plan import WrittenPlan
from stemsteer.scores.metrics import COLUMNS
from stemsteer.scores.states import AS_GIVEN
from stemsteer.scores.statistics import comparisons, summary
from stemsteer.scores.tables import write_table
from stemsteer.sound.audio import Signal

RATE = 44_100
PLAYED_SECONDS = 4.0
"""Of tracks that are played in a browser."""
BROKEN = "Broken song"
ODD_NAME = """Don't "stop" <b>& 100% #1 ü"""
DECODE_ERROR = "music/Broken <song>.mp3: this file holds text, not audio; replace it or take its row out of the table."
SILENCE_WARNING = "the estimate is silent: SI-SDR, SIR and SAR are undefined"
BASELINES = ("oracle-mask", "hpss")
SOURCES = ("drums", "vocals")
Score = dict[str, Any]
SETTINGS: dict[str, Any] = {
    "generator": {"kind": "codec", "codec": "embedded"},
    "taggers": {"names": ["MTT_musicnn"]},
    "steering": {"kind": "gradient", "steps": 40, "learning_rate": 0.5, "seed": 0},
    "mask": {"kind": "ratio", "fft_sizes": [2048, 1024, 512]},
    "stem": {"kind": "masked"},
    "parts": ["masked", "residual"],
}


def make_results(
    folder: Path,
    seconds: float = 2.0,
    runs: Sequence[str] = ("demo",),
    tracks: Sequence[str] = ("Falcon 69", ODD_NAME),
    sources_together: bool = False,
    sources: Sequence[str] = SOURCES,
    referenced: Sequence[str] = ("drums",),
) -> Path:
    """Make the results of `tracks` and of a track whose decoding failed; return the plan.

    Args:
        sources: that stems are made of.
        referenced: the sources that have references and scores.
    """
    results = folder / "results"
    scores: list[Score] = []
    for number, track in enumerate(tracks):
        scores += _make_track(results, track, runs, seconds, number, sources, referenced)
    _write_text(folder / f"logs/decode/{slug(BROKEN)}.log", f"reading\nerror: {DECODE_ERROR}\n")
    # A stage that failed once and has succeeded since.
    _write_text(folder / f"logs/decode/{slug(tracks[0])}.log", "error: an old trouble that is over.\n")
    plan = {
        "results": str(results),
        "logs": str(folder / "logs"),
        "runs": dict.fromkeys(runs, SETTINGS),
        "baselines": list(BASELINES),
        "judges": ["MSD_musicnn"],
        "tracks": [
            {
                "track": track,
                "mixture": f"music/{track}.wav",
                "sources": list(sources),
                "references": {source: f"music/{track} {source}.wav" for source in referenced},
            }
            for track in [*tracks, BROKEN]
        ],
        "stem_suffix": ".wav",
        "sources_together": sources_together,
    }
    write_json(results / "plan.json", plan)
    if referenced:
        _write_rows(results / "scores.tsv", scores)
        table = pd.DataFrame(scores)
        write_table(summary(table), results / "summary.tsv")
        write_table(comparisons(table, dict.fromkeys(runs, "masked")), results / "comparisons.tsv")
    return results / "plan.json"


def signals(seconds: float, seed: int) -> dict[str, Signal]:
    """Stereo drums (bursts of noise, a falling kick) and vocals (a gliding harmonic tone), and their sum."""
    random = np.random.default_rng(seed)
    time = np.arange(round(seconds * RATE)) / RATE
    beat = time % 0.5
    kick = np.sin(2 * np.pi * (50 * beat - 20 * np.exp(-30 * beat))) * np.exp(-9 * beat)
    snare = random.standard_normal((2, len(time))) * np.exp(-25 * ((time + 0.25) % 0.5)) * 0.4
    pitch = 220 * 2 ** (np.sin(2 * np.pi * time / 3 + seed) / 3 + 0.01 * np.sin(2 * np.pi * 5.5 * time))
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    voice = sum(np.sin(k * phase) / k for k in range(1, 40)) * (0.5 + 0.5 * np.sin(2 * np.pi * time / 1.7)) * 0.3
    drums = ((kick + snare).T * 0.5).astype(np.float32)
    vocals = np.stack([voice, 0.8 * voice], axis=1).astype(np.float32)
    return {"drums": drums, "vocals": vocals, "mixture": drums + vocals}


def _make_track(
    folder: Path,
    track: str,
    runs: Sequence[str],
    seconds: float,
    seed: int,
    sources: Sequence[str],
    referenced: Sequence[str],
) -> list[Score]:
    """Make the results of one track and return its scores as the table of all scores has them."""
    parts = signals(seconds, seed)
    mixture = parts["mixture"]
    facts = {
        "codec": "pcm_s16le",
        "sample_rate": RATE,
        "channels": 2,
        "duration_s": seconds,
        "bit_depth": 16,
        "start_s": 0.0,
        "silent": False,
        "warnings": [],
    }
    decoded = folder / "audio" / slug(track)
    _write_audio(decoded / "mixture.wav", mixture)
    for source in referenced:
        _write_audio(decoded / f"references/{source}.wav", parts[source])
    write_json(decoded / "facts.json", facts)
    write_json(folder / f"codes/embedded/{slug(track)}.json", {"si_sdr_db": 16.9, "snr_db": 17.04, "codes_used": 1893})
    for number, run in enumerate(runs):
        for source in sources:
            stem = (0.6 - 0.1 * number) * parts[source] + 0.15 * (mixture - parts[source])
            _make_stem(folder / "runs" / slug(run), run, track, source, stem, mixture - stem, facts, seed)
    gathered: list[Score] = []
    for source in referenced:
        compared = _scores_to_compare(track, source)
        for number, run in enumerate((*runs, *BASELINES)):
            ours = _scores(run, track, source, seed, number, run in runs)
            gathered += ours
            rows = [*ours, *({**row, "run": run} for row in compared)] if run in runs else ours
            _write_rows(folder / "runs" / slug(run) / "scores" / slug(track) / f"{source}.tsv", rows)
            _write_record(folder / "runs" / slug(run), run in runs, track, source)
        gathered += compared
    return gathered


def _make_stem(
    folder: Path, run: str, track: str, source: str, stem: Signal, other: Signal, facts: dict[str, Any], seed: int
) -> None:
    stems, estimates = folder / "stems" / slug(track), folder / "estimates" / slug(track)
    _write_audio(stems / f"{source}.wav", stem)
    _write_audio(stems / f"{source}.other.wav", other)
    _write_audio(estimates / f"{source}.wav", stem[:, :1])
    record = {
        "settings": SETTINGS,
        "generator_sha256": "6f1c" + "0" * 60,
        "taggers": {"MTT_musicnn": {"sha256": "93ab" + "0" * 60, "licence": "ISC", "tags": ["drums", "beat"]}},
        "device": "cpu",
        "target_probability_before": 0.15,
        "target_probability_after": 0.75,
        "presence": 0.94,
        "chunks": [{"chunk": n, "loss_before": 0.131, "loss_after": 0.083, "seconds": 56.8} for n in range(3)],
    }
    write_json(estimates / f"{source}.json", record)
    provenance = {
        "run": run,
        "clipped_samples": 0,
        "mixture": facts,
        "ascent": record,
        "versions": {"torch": "2.13.0"},
        "platform": "Linux",
    }
    write_json(stems / f"{source}.json", provenance)
    _write_rows(estimates / f"{source}.history.tsv", _history(seed))


def _write_record(folder: Path, steered: bool, track: str, source: str) -> None:
    """What a run's stem was scored with, or how a baseline was made and scored."""
    scored = {"versions": {"python": "3.11.2", "museval": "0.4.1"}, "platform": "Linux"}
    if steered:
        write_json(folder / "scores" / slug(track) / f"{source}.json", scored)
        return
    method = {"name": "demucs", "weights_sha256": {"small.th": "d3e0" + "0" * 60}, "device": "cpu"}
    record = {"run": folder.name, "method": method, "versions": {**scored["versions"], "demucs": "4.1.0"}}
    write_json(folder / "stems" / slug(track) / f"{source}.json", record)


def _history(seed: int) -> Iterator[dict[str, float]]:
    random = np.random.default_rng(seed)
    for chunk in range(3):
        wobble = 1 + 0.05 * random.standard_normal(41)
        for step in range(41):
            loss = (0.08 + 0.05 * np.exp(-step / (8 + 4 * chunk))) * wobble[step]
            probability = 0.75 - 0.6 * np.exp(-step / (10 + 5 * chunk)) * wobble[step]
            yield {"chunk": chunk, "step": step, "loss": loss, "target_probability": probability}


def _scores(run: str, track: str, source: str, seed: int, number: int, steered: bool) -> list[Score]:
    """Made-up scores: each track is better than the one before by 1 dB, each run worse than the one before by 0.5 dB.

    From the third track on they vary besides.
    """
    random = np.random.default_rng([seed, number, SOURCES.index(source)])
    vary = random.standard_normal(3) if seed > 1 else np.zeros(3)
    gain = (seed if seed < 2 else 0.5) - 0.5 * number + 1.5 * vary[0]
    level, tag = -3.2 + vary[1], 0.2 + 0.1 * vary[2]
    stem = [1.9 + gain, 1.61 + gain, 2.4, 3.1, 2.2, 2.9, 5.0, 3.3, 4.4, 6, 0, level, 0.5 + tag, tag, AS_GIVEN, ""]
    other = [-14.9, -15.19, 2.0, 2.7, 1.7, 2.4, 1.0, -9.0, 2.1, 6, 0, -5.7, 0.4, -0.1, AS_GIVEN, ""]
    estimates = {"masked": stem, "residual": other} if steered else {run: stem}
    return [_score(run, track, source, estimate, figures) for estimate, figures in estimates.items()]


def _scores_to_compare(track: str, source: str) -> list[Score]:
    nan = np.nan
    mixture = [0.29, 0.0, -0.7, 0.0, -0.7, 0.0, 9.9, -0.7, 290.0, 6, 0, 2.9, 0.5, 0.0, AS_GIVEN, ""]
    silence = [nan, nan, 0.0, 0.7, 0.0, 0.7, 0.0, nan, nan, 6, 0, -np.inf, 0.01, -0.49, AS_GIVEN, SILENCE_WARNING]
    return [_score(name, track, source, name, row) for name, row in (("mixture", mixture), ("silence", silence))]


def _score(run: str, track: str, source: str, estimate: str, figures: list[Any]) -> Score:
    return dict(zip(COLUMNS, [run, track, source, estimate, *figures], strict=True))


def _write_audio(path: Path, signal: Signal) -> None:
    """With scipy, because libsndfile waits until every file is on the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    wavfile.write(path, RATE, signal)


def _write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = list(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0], dialect="excel-tab")
        writer.writeheader()
        for row in rows:
            writer.writerow({key: f"{cell:.6f}" if isinstance(cell, float) else cell for key, cell in row.items()})


def _write_text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def collect(folder: Path) -> Collection:
    """What the report finds in a folder with results."""
    return Collection(WrittenPlan.read(folder / "results/plan.json"))
