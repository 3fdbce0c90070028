"""Decode a known stem at the rate, channels and length of its mixture."""

from pathlib import Path

from stemsteer.errors import told_in_log
from stemsteer.jobs.contents import note_content
from stemsteer.stages.decode import decode_known_stem

if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0], track=job.params.track, source=job.params.source):
        decode_known_stem(
            job.params.reference,
            job.params.start,
            job.params.duration,
            Path(job.input.facts),
            Path(job.input.mixture) if job.params.align == "auto" else None,
            reference_out=Path(job.output.reference),
            about_out=Path(job.output.about),
        )
        note_content(job.params.reference, job.params.content)
