"""Results as a workflow leaves them, made of tones and noise: what the listening page is tested on."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

ODD_NAME = """Don't "stop" <b>& 100% #1 ü"""
DECODE_ERROR = "music/Broken <song>.mp3: this file holds text, not audio; replace it or take its row out of the table."
SCORES_HEADER = (
    "run\ttrack\tsource\testimate\tsi_sdr_db\tsi_sdr_improvement_db\tsnr_db\tsnr_improvement_db\tsdr_db\t"
    "sdr_improvement_db\tisr_db\tsir_db\tsar_db\tframes\tnan_frames\tlevel_db\twarning"
)
SILENCE_WARNING = "SI-SDR and BSSEval are not defined for silence"
SETTINGS: dict[str, Any] = {
    "generator": "embedded",
    "taggers": ["MTT_musicnn"],
    "fft_sizes": [2048, 1024, 512],
    "mask": True,
    "output": "masked",
    "steps": 40,
    "learning_rate": 0.5,
    "seed": 0,
}


def make_results(
    folder: Path, seconds: float = 2.0, runs: Sequence[str] = ("demo",), tracks: Sequence[str] = ("Falcon 69", ODD_NAME)
) -> Path:
    """Make the results of `tracks` and of a track whose decoding failed; return the plan."""
    for number, track in enumerate(tracks):
        _make_track(folder, track, runs, seconds, seed=number)
    _write(folder / "logs/decode/Broken song.log", f"reading\nerror: {DECODE_ERROR}\n")
    # A stage that failed once and has succeeded since.
    _write(folder / f"logs/decode/{tracks[0]}.log", "error: an old trouble that is over.\n")
    plan = {
        "results": str(folder / "results"),
        "logs": str(folder / "logs"),
        "runs": dict.fromkeys(runs, SETTINGS),
        "tracks": [
            {
                "track": track,
                "mixture": f"music/{track}.wav",
                "sources": ["drums", "vocals"],
                "references": {"drums": f"music/{track} drums.wav"},
            }
            for track in [*tracks, "Broken song"]
        ],
        "stem_suffix": ".wav",
    }
    return _write(folder / "results/plan.json", json.dumps(plan))


def signals(seconds: float, seed: int, rate: int = 44_100) -> dict[str, NDArray[np.float32]]:
    """Stereo drums (bursts of noise, a falling kick) and vocals (a gliding harmonic tone), and their sum."""
    random = np.random.default_rng(seed)
    time = np.arange(round(seconds * rate)) / rate
    beat = time % 0.5
    kick = np.sin(2 * np.pi * (50 * beat - 20 * np.exp(-30 * beat))) * np.exp(-9 * beat)
    snare = random.standard_normal((2, len(time))) * np.exp(-25 * ((time + 0.25) % 0.5)) * 0.4
    pitch = 220 * 2 ** (np.sin(2 * np.pi * time / 3 + seed) / 3 + 0.01 * np.sin(2 * np.pi * 5.5 * time))
    phase = 2 * np.pi * np.cumsum(pitch) / rate
    voice = sum(np.sin(k * phase) / k for k in range(1, 40)) * (0.5 + 0.5 * np.sin(2 * np.pi * time / 1.7)) * 0.3
    drums, vocals = (kick + snare).T * 0.5, np.stack([voice, 0.8 * voice]).T
    return {
        name: value.astype(np.float32)
        for name, value in (("drums", drums), ("vocals", vocals), ("mixture", drums + vocals))
    }


def _make_track(folder: Path, track: str, runs: Sequence[str], seconds: float, seed: int) -> None:
    results = folder / "results"
    parts = signals(seconds, seed)
    mixture = parts["mixture"]
    audio = results / "audio" / track
    facts = {
        "codec": "pcm_s16le",
        "container": "wav",
        "sample_rate": 44_100,
        "channels": 2,
        "duration_s": seconds,
        "bit_depth": 16,
        "start_s": 0.0,
        "silent": False,
        "warnings": [],
    }
    _write_audio(audio / "mixture.wav", mixture)
    _write(audio / "facts.json", json.dumps(facts))
    _write_audio(audio / "references/drums.wav", parts["drums"])
    _write(
        results / f"codes/embedded/{track}.json", json.dumps({"si_sdr_db": 16.9, "snr_db": 17.04, "codes_used": 1893})
    )
    for number, run in enumerate(runs):
        for source in ("drums", "vocals"):
            wanted = parts[source]
            stem = (0.6 - 0.1 * number) * wanted + 0.15 * (mixture - wanted)
            _make_stem(results / "runs" / run, run, track, source, stem, mixture - stem, seed)


def _make_stem(
    run_folder: Path,
    run: str,
    track: str,
    source: str,
    stem: NDArray[np.float32],
    other: NDArray[np.float32],
    seed: int,
) -> None:
    stems, estimates = run_folder / "stems" / track, run_folder / "estimates" / track
    _write_audio(stems / f"{source}.wav", stem)
    _write_audio(stems / f"{source}.other.wav", other)
    _write_audio(estimates / f"{source}.wav", stem[:, :1])
    provenance = {
        "config": SETTINGS,
        "weights": {"embedded": "sha256:6f1c" + "0" * 60, "MTT_musicnn": "sha256:93ab" + "0" * 60},
        "versions": {"stemsteer": "0.1.0", "torch": "2.13.0+cpu"},
        "seed": 0,
        "device": "cpu",
        "clipped_samples": 0,
    }
    _write(stems / f"{source}.json", json.dumps(provenance))
    random = np.random.default_rng(seed)
    rows = ["chunk\tstep\tloss\ttarget_probability"]
    for chunk in range(3):
        wobble = 1 + 0.05 * random.standard_normal(41)
        loss = (0.08 + 0.05 * np.exp(-np.arange(41) / (8 + 4 * chunk))) * wobble
        probability = 0.75 - 0.6 * np.exp(-np.arange(41) / (10 + 5 * chunk)) * wobble
        rows += [f"{chunk}\t{step}\t{loss[step]:.6f}\t{probability[step]:.6f}" for step in range(41)]
    _write(estimates / f"{source}.history.tsv", "\n".join(rows) + "\n")
    chunks = [
        {"start_s": 11.0 * c, "loss_before": 0.131, "loss_after": 0.083, "seconds_per_step": 1.42} for c in range(3)
    ]
    _write(estimates / f"{source}.json", json.dumps({"seed": 0, "chunks": chunks}))
    scores = {
        "masked": [1.9, 1.61, 2.4, 3.1, 2.2, 2.9, 5.0, 3.3, 4.4, 6, 0, -3.2],
        "residual": [-14.9, -15.19, 2.0, 2.7, 1.7, 2.4, 1.0, -9.0, 2.1, 6, 0, -5.7],
        "mixture": [0.29, 0.0, -0.7, 0.0, -0.7, 0.0, 9.9, -0.7, 12.0, 6, 0, 2.9],
        "silence": [np.nan, np.nan, 0.0, 0.7, np.nan, np.nan, np.nan, np.nan, np.nan, 6, 6, -np.inf],
    }
    with_reference = source == "drums"
    lines = [SCORES_HEADER]
    for estimate, figures in scores.items() if with_reference else ():
        name = '"' + track.replace('"', '""') + '"' if '"' in track else track
        shift = [figures[0] + seed, figures[1] + seed, *figures[2:]]
        cells = ["" if np.isnan(figure) else f"{figure:g}" for figure in shift]
        lines.append("\t".join([run, name, source, estimate, *cells, SILENCE_WARNING if estimate == "silence" else ""]))
    _write(run_folder / "scores" / track / f"{source}.tsv", "\n".join(lines) + "\n")


def _write_audio(path: Path, samples: NDArray[np.float32]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, 44_100, subtype="FLOAT")


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
