"""Decode a track: its mixture as it is, the 44.1 kHz mono signal, and the facts about its file."""

from pathlib import Path

from stemsteer.errors import told_in_log
from stemsteer.jobs.contents import note_content
from stemsteer.stages.decode import decode_mixture

if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0], track=job.params.track):
        decode_mixture(
            job.params.mixture,
            job.params.start,
            job.params.duration,
            mixture_out=Path(job.output.mixture),
            mono_out=Path(job.output.mono),
            facts_out=Path(job.output.facts),
            tags_out=Path(job.output.tags),
            stream=job.params.stream,
        )
        note_content(job.params.mixture, job.params.content)
