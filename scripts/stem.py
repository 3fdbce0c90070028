"""Mask the original mixture with a steered signal: the stem, the other part and their provenance."""

from pathlib import Path

from pydantic import TypeAdapter

from stemsteer.errors import told_in_log
from stemsteer.masking import MASKS, STEMS
from stemsteer.registries import one_of_kinds
from stemsteer.settings.plan import Stem
from stemsteer.stages.stem import StemInputs, StemOutputs, make_stem

if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0], run=job.params.run, track=job.params.track, source=job.params.source):
        # The plan knows that they fit the run's other groups.
        mask = TypeAdapter(one_of_kinds(MASKS, "none")).validate_python(job.params.mask)
        kind = TypeAdapter(one_of_kinds(STEMS, "steered")).validate_python(job.params.stem)
        mixture, facts, steered, record = (Path(job.input[name]) for name in ("mixture", "facts", "steered", "record"))
        make_stem(
            Stem(job.params.run, job.params.track, job.params.source),
            mask,
            kind,
            job.params.encoding,
            StemInputs(mixture, facts, steered, record, next(map(Path, job.input.reconstruction), None)),
            StemOutputs(*(Path(job.output[name]) for name in ("stem", "other", "provenance"))),
        )
