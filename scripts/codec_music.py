"""Fetch a Debian package of openly licensed music and decode the pieces listed in the table."""

from pathlib import Path

from stemsteer.errors import told_in_log
from stemsteer.stages.codec_music import fetch_codec_music

if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        fetch_codec_music(Path(job.input.table), job.wildcards.package, music_out=Path(job.output[0]))
