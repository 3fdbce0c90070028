"""Encode a track with a codec, and decode its codes."""

import logging
from dataclasses import asdict
from pathlib import Path

import numpy as np

from stemsteer.devices import choose_device_for_light_work, describe
from stemsteer.files import write_json, written_whole
from stemsteer.generators.coding import encode_track, reconstruct
from stemsteer.generators.loading import load_codec
from stemsteer.generators.settings import CodecWeights
from stemsteer.sound import audio
from stemsteer.sound.scaled_signal import MonoSignal


def encode(
    mono: Path, weights: CodecWeights, device_name: str, threads: int, *, codes_out: Path, quality_out: Path
) -> None:
    """Write the codes of a track (uint16 `[frames]`), and how well they reproduce it.

    Raises:
        UserError: the weights are missing or altered, or the rate of the track is not that of the codec.
    """
    device = choose_device_for_light_work(device_name, threads)
    codec = load_codec(weights, device)
    codes, quality = encode_track(MonoSignal(mono), codec)
    snr = "undefined (silence)" if quality.snr_db is None else f"{quality.snr_db:.2f} dB"
    logging.info("%d codes, of which %d different; SNR of the reconstruction: %s", len(codes), quality.codes_used, snr)
    with written_whole(codes_out) as part:
        np.save(part, codes)
    record = {"generator": weights.model_dump(), "weights_sha256": codec.fingerprint, "licence": codec.licence}
    write_json(quality_out, {**asdict(quality), **record, "device": describe(device)})


def decode_codes(
    mono: Path, codes: Path, weights: CodecWeights, device_name: str, threads: int, *, reconstruction_out: Path
) -> None:
    """Write what the codes of a track decode to: mono, as long as the track and at its level.

    Raises:
        UserError: the weights are missing or altered.
    """
    codec = load_codec(weights, choose_device_for_light_work(device_name, threads))
    signal = MonoSignal(mono)
    with audio.writing(reconstruction_out, signal.rate, channels=1, samples=signal.samples) as writer:
        for block in reconstruct(np.load(codes), signal, codec):
            writer.write(block[:, None] / np.float32(signal.gain))
