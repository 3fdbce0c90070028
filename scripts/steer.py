"""Steer a track's latents towards its sources, chunk by chunk, and join the steered chunks."""

from pathlib import Path
from typing import Any

from stemsteer.devices import default_batch
from stemsteer.errors import told_in_log
from stemsteer.generators.settings import CodecWeights
from stemsteer.jobs.layout import followed_beside
from stemsteer.settings.config import Config
from stemsteer.settings.run import MethodGroups
from stemsteer.stages.steer import (
    Estimate,
    Resources,
    load_method,
    method_settings,
    signal_to_steer,
    steer,
    workers_of,
)
from stemsteer.steering.track import CarriedOut, TrackSteering


def main(job: Any) -> None:
    params = job.params
    # How steering is carried out is not among the params, since it does not change what comes of it.
    config = Config.model_validate(job.config)
    groups = {name: params[name] for name in ("generator", "taggers", "steering", "mask")}
    resources = Resources(
        params.codec and CodecWeights.model_validate(params.codec),
        {name: config.taggers[name] for name in params.own_taggers},
        params.prompted_sources,
        params.own_sources,
    )
    method = load_method(method_settings(MethodGroups.model_validate(groups)), resources, params.device)
    batch = default_batch(method.device) if config.batch == "auto" else config.batch
    checkpoints = Path("results/checkpoints") / job.wildcards.run / job.wildcards.track
    answers = Path("results/answers") / job.wildcards.track
    signal = signal_to_steer(method.settings, Path(job.input.signal))
    workers = workers_of(job.threads, method, signal)
    files = zip(*(map(Path, job.output[name]) for name in ("steered", "history", "record")), strict=True)
    steer(
        TrackSteering(params.run, params.track, signal, method),
        {source: Estimate(*paths) for source, paths in zip(params.sources, files, strict=True)},
        CarriedOut(
            batch,
            checkpoints,
            answers,
            config.checkpoint_seconds,
            workers,
            followed=followed_beside(Path(job.log[0])),
        ),
        quality=next(map(Path, job.input.quality), None),
    )


if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0], run=job.params.run, track=job.params.track, source=", ".join(job.params.sources)):
        main(job)
