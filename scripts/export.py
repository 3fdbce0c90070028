"""Export the stems of a track to files for people."""

from pathlib import Path
from typing import Any

from stemsteer.errors import told_in_log
from stemsteer.exports.settings import ExportSettings
from stemsteer.stages.export import ExportInputs, export_stems


def main(job: Any) -> None:
    params = job.params
    settings = ExportSettings.model_validate(params.export)
    inputs = ExportInputs(
        Path(job.input.mixture),
        dict(zip(params.sources, map(Path, job.input.stem), strict=True)),
        next(map(Path, job.input.other), None),
        dict(zip(params.sources, map(Path, job.input.provenance), strict=True)),
        Path(job.input.tags),
    )
    export_stems(
        params.run,
        params.track,
        inputs,
        {source: Path(path) for source, path in params.files.items()},
        settings,
        settings.is_written_as(**params.stems),
        record_out=Path(job.output.record),
    )


if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0], run=job.params.run, track=job.params.track):
        main(job)
