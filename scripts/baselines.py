"""Make and score all baselines of one source of a track."""

from pathlib import Path
from typing import Any

import torch

from stemsteer import audio
from stemsteer.audio import Signal
from stemsteer.baselines import hpss, oracle_mask, repet_sim
from stemsteer.codec_baselines import codec, codec_oracle
from stemsteer.config import GeneratorSettings
from stemsteer.devices import choose_device
from stemsteer.errors import told_in_log
from stemsteer.generators import load_generator
from stemsteer.judge import load_judge
from stemsteer.metrics import score
from stemsteer.score_tables import write_scores


def estimate_of(method: str, generator: dict[str, Any] | None, job: Any, device: torch.device) -> Signal:
    """What a baseline makes of the source: `[samples, channels]`."""
    mixture, reference = Path(job.input.mixture), Path(job.input.reference)
    if generator is not None:
        codec_of_it = load_generator(GeneratorSettings.model_validate(generator), device)
        if method == "codec":
            return codec(mixture, codec_of_it, device)
        return codec_oracle(mixture, reference, codec_of_it, device)
    heard, rate = audio.read(mixture)
    if method == "oracle-mask":
        return oracle_mask(heard, audio.read(reference)[0])
    if method == "hpss":
        return hpss(heard, job.wildcards.source)
    return repet_sim(heard, job.wildcards.source, rate)


def main(job: Any) -> None:
    device = choose_device(job.params.device, job.threads)
    mixture, rate = audio.read(job.input.mixture)
    reference = audio.read(job.input.reference)[0]
    judge = load_judge(job.params.judge, job.wildcards.source)
    for (name, (method, generator)), stem, table in zip(
        job.params.baselines.items(), job.output.stems, job.output.scores, strict=True
    ):
        estimate = estimate_of(method, generator, job, device)
        audio.write(stem, estimate, rate)
        part = "reconstruction" if method == "codec" else "masked"
        rows = score(reference, mixture, {part: estimate}, rate, judge)
        write_scores(rows, {"run": name, "track": job.wildcards.track, "source": job.wildcards.source}, Path(table))


if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        main(job)
