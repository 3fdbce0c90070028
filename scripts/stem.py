"""Mask the original mixture with a steered signal: the stem, the other part and their provenance."""

import logging
import tempfile
from pathlib import Path
from typing import Any

import soundfile

from stemsteer.errors import told_in_log
from stemsteer.files import read_json, write_json
from stemsteer.jobs.provenance import of_stem
from stemsteer.masking.separation import Signals, masked_blocks, resample_file, steered_blocks
from stemsteer.masking.settings import NoMask
from stemsteer.settings.run import RunSettings
from stemsteer.sound import audio

SUBTYPES = {"float32": "FLOAT", "int24": "PCM_24", "int16": "PCM_16"}


def write_parts(
    signals: Signals, settings: RunSettings, model_rate: int, subtype: str, stem: Path, other: Path
) -> tuple[int, int]:
    """Write both parts; returns how many samples of each an integer encoding clipped."""
    if isinstance(settings.mask, NoMask):
        blocks = steered_blocks(signals)
    else:
        blocks = masked_blocks(signals, settings.mask, settings.stem, model_rate)
    shape = (signals.rate, signals.channels, subtype, signals.samples)
    with audio.writing(stem, *shape) as stem_writer, audio.writing(other, *shape) as other_writer:
        for passed, left in blocks:
            wanted, rest = (passed, left) if settings.stem.kind != "residual" else (left, passed)
            stem_writer.write(wanted)
            other_writer.write(rest)
    return stem_writer.clipped, other_writer.clipped


def at_the_mixtures_rate(mixture: Path, steered: Path, reconstruction: Path | None, folder: Path) -> Signals:
    """The signals of a stem, those at the model's rate resampled into `folder`."""
    rate = soundfile.info(mixture).samplerate
    resample_file(steered, folder / "steered.wav", rate)
    if reconstruction is None:
        return Signals(mixture, folder / "steered.wav")
    resample_file(reconstruction, folder / "reconstruction.wav", rate)
    return Signals(mixture, folder / "steered.wav", folder / "reconstruction.wav")


def main(job: Any) -> None:
    ascent = read_json(job.input.record)
    ascent["settings"] |= {"mask": job.params.mask, "stem": job.params.stem}
    settings = RunSettings.model_validate(ascent["settings"])
    steered = Path(job.input.steered)
    with tempfile.TemporaryDirectory() as folder:
        reconstruction = next(map(Path, job.input.reconstruction), None)
        signals = at_the_mixtures_rate(Path(job.input.mixture), steered, reconstruction, Path(folder))
        outputs = Path(job.output.stem), Path(job.output.other)
        model_rate = soundfile.info(steered).samplerate
        clipped = write_parts(signals, settings, model_rate, SUBTYPES[job.params.encoding], *outputs)
    for part, count in zip(("stem", "other part"), clipped, strict=True):
        if count:
            logging.warning("warning: %d samples of the %s were clipped by %s", count, part, job.params.encoding)
    written = {
        "run": job.params.run,
        "track": job.params.track,
        "source": job.params.source,
        "stem_is": settings.parts[0],
        "encoding": job.params.encoding,
        "clipped_samples": clipped[0],
        "clipped_samples_other": clipped[1],
    }
    record = of_stem(read_json(job.input.facts), ascent, written)
    write_json(job.output.provenance, record)


if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        main(job)
