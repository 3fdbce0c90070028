"""MUSDB18: a stem.mp4 file for each song, with the mixture and its four sources as streams.

The mixture is the file's own stream, as in all published results. It is coded separately, and differs a little from the
sum of the sources. The source `other` has no reference here, because no tagger has a tag for it. MUSDB18-HQ has folders
of wav files: see `folder`.
"""

from pathlib import Path

from stemsteer.datasets.data_set import DataSet
from stemsteer.datasets.stems import Part, Stems
from stemsteer.names import as_name

SPLITS = ("train", "test")
SUFFIX = ".stem.mp4"
MIXTURE = 0
SOURCES = {"drums": 1, "bass": 2, "vocals": 4}


def find(folder: Path) -> list[Path]:
    """The songs in a folder and its subfolders."""
    return sorted(folder.rglob(f"*{SUFFIX}"))


def read(song: Path) -> Stems:
    """The streams of a song."""
    sources = {source: [Part(song, stream)] for source, stream in SOURCES.items()}
    return Stems(as_name(song.name.removesuffix(SUFFIX)), [Part(song, MIXTURE)], sources)


MUSDB18 = DataSet("MUSDB18", f"*{SUFFIX}", SPLITS, find, read)
