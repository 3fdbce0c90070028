"""Make and score all baselines of one source of a track, and write down how they were made."""

from pathlib import Path

from stemsteer.errors import told_in_log
from stemsteer.generators.settings import CodecWeights
from stemsteer.stages.baselines import Inputs, Wanted, make_baselines

if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0], track=job.params.track, source=job.params.source):
        outputs = zip(job.output.stems, job.output.scores, job.output.provenance, strict=True)
        wanted = {
            run: Wanted(baseline, codec and CodecWeights.model_validate(codec), *map(Path, files))
            for (run, (baseline, codec)), files in zip(job.params.baselines.items(), outputs, strict=True)
        }
        make_baselines(
            job.params.track,
            job.params.source,
            wanted,
            Inputs(*(Path(job.input[name]) for name in ("mixture", "reference", "facts", "about_reference"))),
            job.params.judge,
            job.params.device,
            job.threads,
            job.params.own_sources,
        )
