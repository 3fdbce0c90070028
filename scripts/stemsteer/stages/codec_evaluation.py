"""How well a trained codec reproduces music that it never saw."""

import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from stemsteer.devices import choose_device
from stemsteer.files import written_whole
from stemsteer.generators.coding import encode_track
from stemsteer.generators.jukebox.codec import load_jukebox
from stemsteer.generators.jukebox.training.evaluation import log_spectral_distance, perplexity, reconstruct_unquantised
from stemsteer.scores.metrics import snr
from stemsteer.sound import audio
from stemsteer.sound.scaled_signal import MonoSignal

MOST_SECONDS = 60


def as_wav(path: Path, rate: int, wav: Path) -> None:
    """The middle minute of an audio file, or of an array of music (`codec_music.py`), as a mono file at `rate` (Hz)."""
    if path.suffix == ".npy":
        mono = np.load(path)[:, None].astype(np.float32) / 32768
    else:
        signal, rate_of_file = audio.read(path)
        mono = audio.resample(audio.mono(signal), rate_of_file, rate)
    start = max(0, len(mono) - MOST_SECONDS * rate) // 2
    audio.write(wav, mono[start : start + MOST_SECONDS * rate], rate)


def evaluate_codec(weights: Path, music: Sequence[Path], device_name: str, *, table_out: Path) -> None:
    """Write a table with a row for each piece of music.

    Args:
        weights: of the codec.
        music: audio files, or arrays of int16 mono at 44.1 kHz (.npy).
        device_name: as in the config.
        table_out: separated by tabs.
    """
    codec = load_jukebox(weights, level=0, licence="").to(choose_device(device_name, threads=1))
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        mono = Path(folder) / "mono.wav"
        for path in music:
            as_wav(path, codec.sample_rate, mono)
            signal = MonoSignal(mono)
            codes, quality = encode_track(signal, codec)
            unquantised = reconstruct_unquantised(signal, codec)
            rows.append(
                {
                    "music": str(path),
                    **asdict(quality),
                    "unquantised_snr_db": snr(signal.read(0, signal.samples)[:, None], unquantised[:, None]),
                    "lsd_db": log_spectral_distance(codes, signal, codec),
                    "code_perplexity": perplexity(codes),
                }
            )
    with written_whole(table_out) as part:
        pd.DataFrame(rows).to_csv(part, sep="\t", index=False, float_format="%.3f")
