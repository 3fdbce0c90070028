"""The generator itself as a baseline: what it makes of the mixture, and the mask that it would make of the source."""

import tempfile
from pathlib import Path
from typing import ClassVar

import numpy as np

from stemsteer.compared.base import Baseline, Record
from stemsteer.generators.codec import Codec
from stemsteer.generators.coding import encode_track, reconstruct
from stemsteer.masking.separation import Signals, masked_blocks, resample_file
from stemsteer.masking.settings import MaskedStem, RatioMask
from stemsteer.sound import audio
from stemsteer.sound.audio import Signal
from stemsteer.sound.scaled_signal import MonoSignal

MASK, STEM = RatioMask(), MaskedStem()
"""The settings of the mask and of the stem: those of a run that says nothing else."""


def codec(mixture: Path, generator: Codec) -> Signal:
    """The mixture through the codec, mono, on all channels: `[samples, channels]` like the mixture."""
    signal, rate = audio.read(mixture)
    with tempfile.TemporaryDirectory() as folder:
        decoded = audio.read(_through(mixture, generator, Path(folder), rate))[0]
    return np.repeat(decoded[: len(signal)], signal.shape[1], axis=1)


def codec_oracle(mixture: Path, reference: Path, generator: Codec) -> Signal:
    """The mixture through the mask that the reference makes once it has been through the codec: `[samples, channels]`.

    The mask is that of a run with the settings `MASK` and `STEM`.
    """
    rate = audio.read(mixture)[1]
    with tempfile.TemporaryDirectory() as folder:
        signals = Signals(mixture, _through(reference, generator, Path(folder), rate))
        return np.concatenate([passed for passed, _ in masked_blocks(signals, MASK, STEM, generator.sample_rate)])


def _through(path: Path, generator: Codec, folder: Path, rate: int) -> Path:
    """A file in `folder` with what the codec makes of `path`: mono, at its level, at `rate` (Hz)."""
    heard, own_rate = audio.read(path)
    audio.write(
        folder / "heard.wav", audio.resample(audio.mono(heard), own_rate, generator.sample_rate), generator.sample_rate
    )
    signal = MonoSignal(folder / "heard.wav")
    codes, _ = encode_track(signal, generator)
    with audio.writing(folder / "decoded.wav", generator.sample_rate, channels=1) as writer:
        for block in reconstruct(codes, signal, generator):
            writer.write(block[:, None] / np.float32(signal.gain))
    resample_file(folder / "decoded.wav", folder / "resampled.wav", rate)
    return folder / "resampled.wav"


class CodecBaseline(Baseline):
    """A baseline that is about a codec."""

    def __init__(self, generator: Codec) -> None:
        self.generator = generator


class Unsteered(CodecBaseline):
    """`codec`: what the codec makes of the mixture without steering."""

    settings: ClassVar[Record] = {}

    def estimate(self, mixture: Path, reference: Path, source: str) -> Signal:
        return codec(mixture, self.generator)


class CodecOracle(CodecBaseline):
    """`codec-oracle`: the mask of a run whose steering had found the source itself, through the codec.

    It is about the best that steering this codec can do.
    """

    settings: ClassVar[Record] = {"mask": MASK.model_dump(), "stem": STEM.model_dump()}

    def estimate(self, mixture: Path, reference: Path, source: str) -> Signal:
        return codec_oracle(mixture, reference, self.generator)
