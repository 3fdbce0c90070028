"""Steer a track's latents towards its sources, chunk by chunk, and join the steered chunks."""

import logging
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from stemsteer.devices import choose_device, default_batch
from stemsteer.errors import told_in_log
from stemsteer.files import read_json, write_json, written_whole
from stemsteer.generators.loading import load_generator
from stemsteer.generators.settings import CodecWeights
from stemsteer.settings.config import Config
from stemsteer.settings.run import RunSettings
from stemsteer.sound import audio
from stemsteer.sound.mono_signal import MonoSignal
from stemsteer.steering.track_ascent import TrackAscent
from stemsteer.taggers.loading import load_tagger
from stemsteer.taggers.settings import SotaMusicTaggingSettings


def prepare(job: Any, settings: RunSettings, sources: Sequence[str]) -> TrackAscent:
    """The ascents of a job's track, with everything that they need loaded."""
    device = choose_device(job.params.device, settings.steering.threads)
    own = {name: SotaMusicTaggingSettings.model_validate(tagger) for name, tagger in job.params.own_taggers.items()}
    # How ascents are carried out is not among the params, since it does not change what comes of them.
    carried_out = Config.model_validate(job.config)
    return TrackAscent(
        job.params.run,
        job.params.track,
        sources,
        load_generator(CodecWeights.model_validate(job.params.codec), device),
        [
            load_tagger(name, own.get(name), job.params.prompted_sources, job.params.own_sources)
            for name in settings.taggers.names
        ],
        settings,
        default_batch(device) if carried_out.batch == "auto" else carried_out.batch,
        Path("results/checkpoints") / job.wildcards.run / job.wildcards.track,
        carried_out.checkpoint_seconds,
    )


def write_estimates(
    ascent: TrackAscent, signal: MonoSignal, outputs: dict[str, tuple[str, str, str]], quality: Sequence[str]
) -> None:
    """Steer, and write each source's outputs: the steered audio, the history and the record."""
    with ExitStack() as stack:
        writers = {
            source: stack.enter_context(audio.writing(steered, signal.rate, channels=1, samples=signal.samples))
            for source, (steered, _, _) in outputs.items()
        }
        for source, piece in ascent.steer(signal):
            writers[source].write(piece[:, None])
    for source, (_, history, record) in outputs.items():
        with written_whole(history) as part:
            ascent.history(source).to_csv(part, sep="\t", index=False)
        codes = {"codes": read_json(quality[0])} if quality else {}
        made_from = {"key": ascent.key(source, signal), **codes}
        write_json(record, {**ascent.record(source), **made_from})
    ascent.remove_checkpoints()


def is_made(outputs: tuple[str, str, str], key: str) -> bool:
    """Whether a source was made before, from the same things, in a job for other sources too."""
    *_, record = outputs
    return all(Path(path).exists() for path in outputs) and read_json(record).get("key") == key


def main(job: Any) -> None:
    groups = {name: job.params[name] for name in ("generator", "taggers", "steering", "mask")}
    stem = {"kind": "steered" if groups["mask"]["kind"] == "none" else "masked"}
    settings = RunSettings.model_validate({**groups, "stem": stem})
    files = zip(job.output.steered, job.output.history, job.output.record, strict=True)
    outputs = dict(zip(job.params.sources, files, strict=True))
    signal = MonoSignal(Path(job.input.model))
    ascent = prepare(job, settings, list(outputs))
    for source in list(outputs):
        if is_made(outputs[source], ascent.key(source, signal)):
            logging.info("%s is there already, made with the same settings", source)
            del outputs[source]
    ascent.sources = list(outputs)
    write_estimates(ascent, signal, outputs, job.input.quality)


if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        main(job)
