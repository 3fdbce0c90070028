"""Make a stem and the other part of the mixture of a steered signal."""

import logging
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from stemsteer.files import read_json, write_json
from stemsteer.jobs.provenance import of_stem
from stemsteer.masking import STEMS
from stemsteer.masking.separation import Signals, resample_file
from stemsteer.masking.settings import MaskSettings, StemKindSettings
from stemsteer.models.weights import sha256
from stemsteer.settings.plan import Stem
from stemsteer.sound import audio
from stemsteer.sound.audio import SUBTYPES, Signal
from stemsteer.sound.tags import Finish, tagging
from stemsteer.taggers.presence import HEARD


@dataclass(frozen=True)
class StemInputs:
    """The files that a stem is made of.

    Attributes:
        reconstruction: mono at the codec's rate; only where the mask needs it.
        tags: of the mixture; None: the stem gets none.
    """

    mixture: Path
    facts: Path
    steered: Path
    record: Path
    reconstruction: Path | None = None
    tags: Path | None = None


@dataclass(frozen=True)
class StemOutputs:
    """The stem, the other part, and the record beside them."""

    stem: Path
    other: Path
    provenance: Path

    def are_made(self, provenance: Mapping[str, Any]) -> bool:
        """Whether they were made before from the same things, in a job for other sources too."""
        if not all(path.exists() for path in (self.stem, self.other, self.provenance)):
            return False
        return deciding(read_json(self.provenance)) == deciding(provenance)


def deciding(provenance: Mapping[str, Any]) -> list[Any]:
    """Of the record of a stem, what decides its samples and tags."""
    estimate = provenance["ascent"]
    written = (provenance[name] for name in ("encoding", "warning", "versions"))
    return [estimate.get("key"), estimate["settings"], provenance.get("tags_sha256"), *written]


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
    estimate = read_json(inputs.record)
    heard = is_heard(estimate)
    estimate["settings"] |= {"stem": stem_settings.model_dump(mode="json")}
    written = {
        **asdict(stem),
        "stem_is": stem_settings.parts[0],
        "warning": None if heard else not_heard(stem.source, stem_settings.absent),
        "encoding": encoding,
        "tags_sha256": sha256(inputs.tags) if inputs.tags else None,
    }
    provenance = of_stem(read_json(inputs.facts), estimate, written)
    if outputs.are_made(provenance):
        logging.info("the stem of %s is there already, made with the same settings", stem.source)
        return
    if not heard:
        logging.warning("warning: %s", written["warning"])
    silent = not heard and stem_settings.absent == "silence"
    with tempfile.TemporaryDirectory() as folder:
        signals = at_the_mixtures_rate(inputs, Path(folder))
        rate = soundfile.info(inputs.steered).samplerate
        blocks = STEMS[stem_settings.kind].make(signals, mask_settings, stem_settings, rate)
        finish = tuple(tagging(inputs.tags, stem.track, part) for part in (stem.source, f"without {stem.source}"))
        clipped = write_parts(silenced(blocks) if silent else blocks, signals, encoding, outputs, finish)
    for part, count in zip(("stem", "other part"), clipped, strict=True):
        if count:
            names = (part, stem.source, encoding)
            logging.warning("warning: %d samples of the %s of %s were clipped by %s", count, *names)
    write_json(outputs.provenance, {**provenance, "clipped_samples": clipped[0], "clipped_samples_other": clipped[1]})


def is_heard(estimate: Mapping[str, Any]) -> bool:
    """Whether the taggers hear the source of an estimate in the mixture; True where they cannot tell."""
    presence = estimate.get("presence")
    return presence is None or presence >= HEARD


def not_heard(source: str, absent: str) -> str:
    """What users are told of a source that the taggers do not hear."""
    stem = "the stem is silent (absent: silence)" if absent == "silence" else "the stem may hold other sources"
    return f"the taggers do not hear {source} in this mixture; {stem}"


def silenced(blocks: Iterator[tuple[Signal, Signal]]) -> Iterator[tuple[Signal, Signal]]:
    """A silent stem; the other part has everything."""
    return ((np.zeros_like(stem), stem + other) for stem, other in blocks)


def write_parts(
    blocks: Iterator[tuple[Signal, Signal]],
    signals: Signals,
    encoding: str,
    outputs: StemOutputs,
    finish: tuple[Finish | None, ...],
) -> tuple[int, int]:
    """Write both parts, each with its `finish`; returns how many samples of each an integer encoding clipped."""
    shape = (signals.rate, signals.channels, SUBTYPES[encoding], signals.samples)
    finish_stem, finish_other = finish
    with (
        audio.writing(outputs.stem, *shape, finish=finish_stem) as stem_writer,
        audio.writing(outputs.other, *shape, finish=finish_other) as other_writer,
    ):
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
