"""Make a stem and the other part of the mixture of a steered signal."""

import logging
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import soundfile

from stemsteer.files import read_json, write_json
from stemsteer.jobs.provenance import of_stem
from stemsteer.masking import STEMS
from stemsteer.masking.separation import Signals, resample_file
from stemsteer.masking.settings import MaskSettings, StemKindSettings
from stemsteer.settings.plan import Stem
from stemsteer.sound import audio
from stemsteer.sound.audio import Signal

SUBTYPES = {"float32": "FLOAT", "int24": "PCM_24", "int16": "PCM_16"}


@dataclass(frozen=True)
class StemInputs:
    """The files that a stem is made of: reconstruction, mono at the codec's rate, only where the mask needs it."""

    mixture: Path
    facts: Path
    steered: Path
    record: Path
    reconstruction: Path | None = None


@dataclass(frozen=True)
class StemOutputs:
    """The stem, the other part, and the record beside them."""

    stem: Path
    other: Path
    provenance: Path


def make_stem(
    stem: Stem,
    mask_settings: MaskSettings,
    stem_settings: StemKindSettings,
    encoding: str,
    inputs: StemInputs,
    outputs: StemOutputs,
) -> None:
    """Write a stem and the other part, at the rate, length and channels of the mixture, and their provenance.

    Args:
        stem: its run, track and source, by their names.
        mask_settings: the group `mask` of the run.
        stem_settings: the group `stem` of the run.
        encoding: float32, int24 or int16; samples that the last two clip are counted.
        inputs: the files to read.
        outputs: the files to write.
    """
    with tempfile.TemporaryDirectory() as folder:
        signals = at_the_mixtures_rate(inputs, Path(folder))
        rate = soundfile.info(inputs.steered).samplerate
        blocks = STEMS[stem_settings.kind].make(signals, mask_settings, stem_settings, rate)
        clipped = write_parts(blocks, signals, encoding, outputs)
    for part, count in zip(("stem", "other part"), clipped, strict=True):
        if count:
            logging.warning("warning: %d samples of the %s were clipped by %s", count, part, encoding)
    estimate = read_json(inputs.record)
    estimate["settings"] |= {"stem": stem_settings.model_dump(mode="json")}
    written = {
        **asdict(stem),
        "stem_is": stem_settings.parts[0],
        "encoding": encoding,
        "clipped_samples": clipped[0],
        "clipped_samples_other": clipped[1],
    }
    write_json(outputs.provenance, of_stem(read_json(inputs.facts), estimate, written))


def write_parts(
    blocks: Iterator[tuple[Signal, Signal]], signals: Signals, encoding: str, outputs: StemOutputs
) -> tuple[int, int]:
    """Write both parts; returns how many samples of each an integer encoding clipped."""
    shape = (signals.rate, signals.channels, SUBTYPES[encoding], signals.samples)
    with audio.writing(outputs.stem, *shape) as stem_writer, audio.writing(outputs.other, *shape) as other_writer:
        for wanted, rest in blocks:
            stem_writer.write(wanted)
            other_writer.write(rest)
    return stem_writer.clipped, other_writer.clipped


def at_the_mixtures_rate(inputs: StemInputs, folder: Path) -> Signals:
    """The signals of a stem; those at the generator's rate are resampled into `folder`."""
    rate = soundfile.info(inputs.mixture).samplerate
    resample_file(inputs.steered, folder / "steered.wav", rate)
    if inputs.reconstruction is None:
        return Signals(inputs.mixture, folder / "steered.wav")
    resample_file(inputs.reconstruction, folder / "reconstruction.wav", rate)
    return Signals(inputs.mixture, folder / "steered.wav", folder / "reconstruction.wav")
