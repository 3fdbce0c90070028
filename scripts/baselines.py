"""Make and score all baselines of one source of a track."""

from pathlib import Path
from typing import Any

import torch

from stemsteer import audio
from stemsteer.audio import Signal
from stemsteer.baselines import hpss, oracle_mask, repet_sim
from stemsteer.codec_baselines import codec, codec_oracle
from stemsteer.config import GeneratorSettings
from stemsteer.devices import choose_device_for_light_work
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
    device = choose_device_for_light_work(job.params.device, job.threads)
    mixture, rate = audio.read(job.input.mixture)
    reference = audio.read(job.input.reference)[0]
    baselines = job.params.baselines
    estimates = {name: estimate_of(method, of, job, device) for name, (method, of) in baselines.items()}
    # All at once: the mixture and silence are scored beside them, and that takes as long as another estimate.
    judge = load_judge(job.params.judge, job.wildcards.source)
    rows = {row["estimate"]: row for row in score(reference, mixture, estimates, rate, judge)}
    names = {"track": job.wildcards.track, "source": job.wildcards.source}
    for (name, estimate), stem, table in zip(estimates.items(), job.output.stems, job.output.scores, strict=True):
        audio.write(stem, estimate, rate)
        part = "reconstruction" if baselines[name][0] == "codec" else "masked"
        own = [{**rows[name], "estimate": part}, rows["mixture"], rows["silence"]]
        write_scores(own, {"run": name, **names}, Path(table))


if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        main(job)
