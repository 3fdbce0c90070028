"""How well the trained codec reproduces music that it never saw."""

import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from stemsteer.devices import choose_device
from stemsteer.errors import told_in_log
from stemsteer.files import written_whole
from stemsteer.generators.coding import encode_track
from stemsteer.generators.jukebox.generator import load_jukebox
from stemsteer.generators.jukebox.training.evaluation import log_spectral_distance, perplexity, reconstruct_unquantised
from stemsteer.scores.metrics import snr
from stemsteer.sound import audio
from stemsteer.sound.mono_signal import MonoSignal

MOST_SECONDS = 60


def as_wav(path: Path, rate: int, wav: Path) -> None:
    """The middle minute of an audio file, or of an array of music (`codec_music.py`), as a mono file at `rate`."""
    if path.suffix == ".npy":
        mono = np.load(path)[:, None].astype(np.float32) / 32768
    else:
        signal, rate_of_file = audio.read(path)
        mono = audio.resample(audio.mono(signal), rate_of_file, rate)
    start = max(0, len(mono) - MOST_SECONDS * rate) // 2
    audio.write(wav, mono[start : start + MOST_SECONDS * rate], rate)


def main(job: Any) -> None:
    device = choose_device(job.params.device, threads=1)
    generator = load_jukebox(Path(job.input.weights), level=0, licence="").to(device)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        mono = Path(folder) / "mono.wav"
        for path in job.input.music:
            as_wav(Path(path), generator.sample_rate, mono)
            signal = MonoSignal(mono)
            codes, quality = encode_track(signal, generator, device)
            unquantised = reconstruct_unquantised(signal, generator, device)
            rows.append(
                {
                    "music": path,
                    **asdict(quality),
                    "unquantised_snr_db": snr(signal.read(0, signal.samples)[:, None], unquantised[:, None]),
                    "lsd_db": log_spectral_distance(codes, signal, generator, device),
                    "code_perplexity": perplexity(codes),
                }
            )
    with written_whole(job.output[0]) as part:
        pd.DataFrame(rows).to_csv(part, sep="\t", index=False, float_format="%.3f")


if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        main(job)
