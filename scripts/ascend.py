"""Steer a track's latents towards one source, chunk by chunk, and join the steered chunks."""

from pathlib import Path
from typing import Any

import pandas as pd

from stemsteer import audio
from stemsteer.config import GeneratorSettings, RunSettings, TaggerSettings
from stemsteer.devices import choose_device
from stemsteer.errors import told_in_log
from stemsteer.files import read_json, write_json, written_whole
from stemsteer.generators import load_generator
from stemsteer.model_signal import ModelSignal
from stemsteer.taggers import load_tagger
from stemsteer.track_ascent import TrackAscent


def main(job: Any) -> None:
    settings = RunSettings.model_validate(job.params.settings)
    device = choose_device(job.params.device, settings.threads)
    generator = load_generator(GeneratorSettings.model_validate(job.params.generator), device)
    own = {name: TaggerSettings.model_validate(tagger) for name, tagger in job.params.own_taggers.items()}
    taggers = [load_tagger(name, own.get(name)) for name in settings.taggers]
    wildcards = job.wildcards
    ascent = TrackAscent((wildcards.run, wildcards.track, wildcards.source), generator, taggers, settings)
    signal = ModelSignal(Path(job.input.model))
    with audio.writing(job.output.steered, signal.rate, channels=1, samples=signal.samples) as writer:
        for piece in ascent.steer(signal):
            writer.write(piece[:, None])
    history = pd.DataFrame(ascent.moments, columns=["chunk", "step", "loss", "target_probability"])
    with written_whole(job.output.history) as part:
        history.to_csv(part, sep="\t", index=False)
    write_json(job.output.record, {**ascent.record(), "codes": read_json(job.input.quality)})


if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        main(job)
