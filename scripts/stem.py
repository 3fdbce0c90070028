"""Mask the original mixture with a steered signal: the stem, the other part and their provenance."""

from pathlib import Path

from stemsteer.errors import told_in_log
from stemsteer.settings.plan import Stem
from stemsteer.settings.run import RunSettings
from stemsteer.stages.stem import StemInputs, StemOutputs, make_stem

if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0], run=job.params.run, track=job.params.track, source=job.params.source):
        settings = RunSettings.model_validate({"mask": job.params.mask, "stem": job.params.stem})
        mixture, facts, steered, record = (Path(job.input[name]) for name in ("mixture", "facts", "steered", "record"))
        make_stem(
            Stem(job.params.run, job.params.track, job.params.source),
            settings.mask,
            settings.stem,
            job.params.encoding,
            StemInputs(mixture, facts, steered, record, next(map(Path, job.input.reconstruction), None)),
            StemOutputs(*(Path(job.output[name]) for name in ("stem", "other", "provenance"))),
        )
