"""Encode a track with a generator: its codes, and how well they reproduce it."""

import logging
from dataclasses import asdict
from pathlib import Path

import numpy as np

from stemsteer.devices import choose_device_for_light_work, describe
from stemsteer.errors import told_in_log
from stemsteer.files import write_json, written_whole
from stemsteer.generators.coding import encode_track
from stemsteer.generators.loading import load_generator
from stemsteer.generators.settings import CodecWeights
from stemsteer.sound.mono_signal import MonoSignal


def encode(
    model: Path, settings: CodecWeights, device_name: str, threads: int, codes_out: Path, quality_out: Path
) -> None:
    device = choose_device_for_light_work(device_name, threads)
    generator = load_generator(settings, device)
    codes, quality = encode_track(MonoSignal(model), generator, device)
    snr = "undefined (silence)" if quality.snr_db is None else f"{quality.snr_db:.2f} dB"
    logging.info("%d codes, of which %d different; SNR of the reconstruction: %s", len(codes), quality.codes_used, snr)
    with written_whole(codes_out) as part:
        np.save(part, codes)
    record = {"generator": settings.model_dump(), "weights_sha256": generator.fingerprint, "licence": generator.licence}
    write_json(quality_out, {**asdict(quality), **record, "device": describe(device)})


if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        encode(
            model=Path(job.input.model),
            settings=CodecWeights.model_validate(job.params.codec),
            device_name=job.params.device,
            threads=job.threads,
            codes_out=Path(job.output.codes),
            quality_out=Path(job.output.quality),
        )
