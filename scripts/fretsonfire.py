"""Unpack a song by Sectoid: its guitar and, as the mixture, guitar plus the rest.

The song is by Carlos Viola Iborra, under an MIT-style licence.
"""

import tempfile
from pathlib import Path
from typing import Any

from stemsteer.datasets.debian import unpack
from stemsteer.errors import told_in_log
from stemsteer.sound import audio

PACKAGE = "fretsonfire-songs-sectoid"
VERSION = "1.dfsg-3.1"
SHA256 = "14c1ed3e43c1a6a80eae7698f0469a0825cd1184e441968d62df89ca418aa0b4"
SONGS = Path("usr/share/games/fretsonfire/data/songs/sectoid")


def main(job: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        unpack(PACKAGE, VERSION, SHA256, Path(folder))
        song = Path(folder) / SONGS / job.wildcards.song
        guitar, rate = audio.read(song / "guitar.ogg")
        rest, _ = audio.read(song / "song.ogg")
    samples = min(len(guitar), len(rest))
    audio.write(job.output.guitar, guitar[:samples], rate)
    audio.write(job.output.mixture, guitar[:samples] + rest[:samples], rate)


if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        main(job)
