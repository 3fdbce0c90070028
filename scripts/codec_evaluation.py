"""How well the trained codec reproduces music that it never saw."""

import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from stemsteer import audio
from stemsteer.devices import choose_device
from stemsteer.encoding import encode_track
from stemsteer.errors import told_in_log
from stemsteer.files import written_whole
from stemsteer.generators.jukebox import load_jukebox
from stemsteer.model_signal import ModelSignal


def main(job: Any) -> None:
    device = choose_device(job.params.device, threads=1)
    generator = load_jukebox(Path(job.input.weights), level=0, licence="").to(device)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for path in job.input.music:
            signal, rate = audio.read(path)
            mono = Path(folder) / "mono.wav"
            audio.write(mono, audio.resample(audio.mono(signal), rate, generator.sample_rate), generator.sample_rate)
            rows.append({"music": path, **asdict(encode_track(ModelSignal(mono), generator, device)[1])})
    with written_whole(job.output[0]) as part:
        pd.DataFrame(rows).to_csv(part, sep="\t", index=False, float_format="%.3f")


if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        main(job)
