"""Score both parts of a mixture against the known stem of their source, beside the mixture itself and silence."""

from pathlib import Path

from stemsteer.errors import told_in_log
from stemsteer.settings.plan import Stem
from stemsteer.stages.evaluate import evaluate

if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0], run=job.params.run, track=job.params.track, source=job.params.source):
        evaluate(
            Stem(job.params.run, job.params.track, job.params.source),
            Path(job.input.mixture),
            Path(job.input.reference),
            dict(zip(job.params.parts, map(Path, (job.input.stem, job.input.other)), strict=True)),
            job.params.judge,
            job.threads,
            scores_out=Path(job.output.scores),
            provenance_out=Path(job.output.provenance),
            own_sources=job.params.own_sources,
            about_reference=Path(job.input.about_reference),
        )
