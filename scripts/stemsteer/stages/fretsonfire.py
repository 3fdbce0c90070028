"""Unpack a song by Sectoid: its guitar and, as the mixture, the guitar plus the rest.

The songs are by Carlos Viola Iborra, under an MIT-style licence.
"""

import tempfile
from pathlib import Path

from stemsteer.datasets.debian import unpack
from stemsteer.sound import audio

PACKAGE = "fretsonfire-songs-sectoid"
VERSION = "1.dfsg-3.1"
SHA256 = "14c1ed3e43c1a6a80eae7698f0469a0825cd1184e441968d62df89ca418aa0b4"
SONGS = Path("usr/share/games/fretsonfire/data/songs/sectoid")


def unpack_song(song: str, *, mixture_out: Path, guitar_out: Path) -> None:
    """Write a song's mixture and guitar as float32 wav, both as long as the shorter of its two files.

    Args:
        song: the name of its folder in the package.
        mixture_out: the guitar plus the rest.
        guitar_out: the guitar.

    Raises:
        UserError: the Debian package cannot be fetched.
    """
    with tempfile.TemporaryDirectory() as folder:
        unpack(PACKAGE, VERSION, SHA256, Path(folder))
        files = Path(folder) / SONGS / song
        guitar, rate = audio.read(files / "guitar.ogg")
        rest, _ = audio.read(files / "song.ogg")
    samples = min(len(guitar), len(rest))
    audio.write(guitar_out, guitar[:samples], rate)
    audio.write(mixture_out, guitar[:samples] + rest[:samples], rate)
