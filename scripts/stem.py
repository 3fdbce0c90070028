"""Mask the original mixture with the steered signals of its sources: stems, other parts and their provenance."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from stemsteer.errors import told_in_log
from stemsteer.masking import MASKS, STEMS
from stemsteer.registries import one_of_kinds
from stemsteer.settings.plan import Stem
from stemsteer.stages.stem import StemInputs, StemOutputs, make_stem


def main(job: Any) -> None:
    # The plan knows that they fit the run's other groups.
    mask = TypeAdapter(one_of_kinds(MASKS, "none")).validate_python(job.params.mask)
    kind = TypeAdapter(one_of_kinds(STEMS, "steered")).validate_python(job.params.stem)
    mixture, facts, tags = (Path(job.input[name]) for name in ("mixture", "facts", "tags"))
    reconstruction = next(map(Path, job.input.reconstruction), None)
    files = zip(paths(job.output, "stem"), paths(job.output, "other"), paths(job.output, "provenance"), strict=True)
    estimates = zip(paths(job.input, "steered"), paths(job.input, "record"), strict=True)
    for source, (steered, record), made in zip(job.params.sources, estimates, files, strict=True):
        make_stem(
            Stem(job.params.run, job.params.track, source),
            mask,
            kind,
            job.params.encoding,
            StemInputs(mixture, facts, steered, record, reconstruction, tags),
            StemOutputs(*made),
        )


def paths(files: Any, name: str) -> Iterator[Path]:
    return map(Path, files[name])


if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0], run=job.params.run, track=job.params.track, source=", ".join(job.params.sources)):
        main(job)
