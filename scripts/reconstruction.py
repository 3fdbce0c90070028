"""Decode a track's codes: what a generator makes of the track without any steering."""

from pathlib import Path
from typing import Any

import numpy as np

from stemsteer.devices import choose_device_for_light_work
from stemsteer.errors import told_in_log
from stemsteer.generators.coding import reconstruct
from stemsteer.generators.loading import load_generator
from stemsteer.generators.settings import CodecWeights
from stemsteer.sound import audio
from stemsteer.sound.mono_signal import MonoSignal


def main(job: Any) -> None:
    device = choose_device_for_light_work(job.params.device, job.threads)
    generator = load_generator(CodecWeights.model_validate(job.params.codec), device)
    signal = MonoSignal(Path(job.input.model))
    codes = np.load(job.input.codes)
    with audio.writing(job.output.reconstruction, signal.rate, channels=1, samples=signal.samples) as writer:
        for block in reconstruct(codes, signal, generator, device):
            writer.write(block[:, None] / np.float32(signal.gain))


if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        main(job)
