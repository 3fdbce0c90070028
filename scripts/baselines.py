"""Make and score all baselines of one source of a track, and write down how they were made."""

from pathlib import Path
from typing import Any

import torch

from stemsteer.compared import baselines, codec_baselines
from stemsteer.compared.baselines import hpss, oracle_mask, repet_sim
from stemsteer.compared.codec_baselines import codec, codec_oracle
from stemsteer.devices import choose_device_for_light_work, describe
from stemsteer.errors import told_in_log
from stemsteer.files import read_json, write_json
from stemsteer.generators.base import Generator
from stemsteer.generators.loading import load_generator
from stemsteer.jobs.provenance import of_compared
from stemsteer.scores.judge import load_judge
from stemsteer.scores.metrics import score
from stemsteer.scores.tables import write_scores
from stemsteer.settings.config import GeneratorSettings
from stemsteer.sound import audio
from stemsteer.sound.audio import Signal

ORACLES = ("oracle-mask", "codec-oracle")
"""Methods that are told the reference."""


def estimate_of(method: str, generator: Generator | None, job: Any, device: torch.device) -> Signal:
    """What a baseline makes of the source: `[samples, channels]`."""
    mixture, reference = Path(job.input.mixture), Path(job.input.reference)
    if generator is not None:
        if method == "codec":
            return codec(mixture, generator, device)
        return codec_oracle(mixture, reference, generator, device)
    heard, rate = audio.read(mixture)
    if method == "oracle-mask":
        return oracle_mask(heard, audio.read(reference)[0])
    if method == "hpss":
        return hpss(heard, job.wildcards.source)
    return repet_sim(heard, job.wildcards.source, rate)


def record_of(
    method: str, settings: GeneratorSettings | None, generator: Generator | None, device: torch.device
) -> dict[str, Any]:
    """What made a baseline: its method and what that is set to."""
    if settings is None or generator is None:
        return {"name": method, "settings": baselines.SETTINGS[method], "device": "cpu"}
    return {
        "name": method,
        "settings": codec_baselines.SETTINGS[method],
        "generator": settings.model_dump(),
        "generator_sha256": generator.fingerprint,
        "generator_licence": generator.licence,
        "device": describe(device),
    }


def main(job: Any) -> None:
    device = choose_device_for_light_work(job.params.device, job.threads)
    mixture, rate = audio.read(job.input.mixture)
    reference = audio.read(job.input.reference)[0]
    estimates, methods = {}, {}
    for name, (method, weights) in job.params.baselines.items():
        settings = GeneratorSettings.model_validate(weights) if weights else None
        generator = load_generator(settings, device) if settings else None
        estimates[name] = estimate_of(method, generator, job, device)
        methods[name] = record_of(method, settings, generator, device)
    # All at once: the mixture and silence are scored beside them, and that takes as long as another estimate.
    judge = load_judge(job.params.judge, job.wildcards.source)
    rows = {row["estimate"]: row for row in score(reference, mixture, estimates, rate, judge)}
    names = {"track": job.wildcards.track, "source": job.wildcards.source}
    facts = read_json(job.input.facts)
    outputs = zip(job.output.stems, job.output.scores, job.output.provenance, strict=True)
    for (name, estimate), (stem, table, provenance) in zip(estimates.items(), outputs, strict=True):
        audio.write(stem, estimate, rate)
        method = methods[name]["name"]
        part = "reconstruction" if method == "codec" else "masked"
        own = [{**rows[name], "estimate": part}, rows["mixture"], rows["silence"]]
        write_scores(own, {"run": name, **names}, Path(table))
        inputs = {"mixture": job.input.mixture, **({"reference": job.input.reference} if method in ORACLES else {})}
        written = {"run": name, **names, "stem_is": part, "encoding": "float32"}
        write_json(provenance, of_compared(facts, inputs, methods[name], written, "librosa"))


if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        main(job)
