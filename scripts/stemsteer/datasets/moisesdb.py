"""MoisesDB: a folder for each song, with data.json, which lists its stems, and their recordings in <stem>/<id>.wav.

A song has no file of its mixture: the mixture is the sum of all recordings, as the data set's own tools make it. Stems
that are no source here (keys other than pianos, plucked and wind instruments, percussion) are in the mixture only.
"""

from pathlib import Path

from pydantic import BaseModel, ValidationError

from stemsteer.datasets.data_set import DataSet
from stemsteer.datasets.stems import Part, Stems
from stemsteer.errors import UserError
from stemsteer.names import as_name

DATA = "data.json"
SOURCES = {
    "vocals": "vocals",
    "bass": "bass",
    "drums": "drums",
    "guitar": "guitar",
    "piano": "piano",
    "bowed_strings": "strings",
}


class Recording(BaseModel):
    """One file of a stem."""

    id: str
    extension: str


class Stem(BaseModel):
    """A stem, which is the sum of its recordings."""

    stemName: str
    tracks: list[Recording]


class Song(BaseModel):
    """The part of data.json that is used."""

    song: str
    artist: str
    stems: list[Stem]


def find(folder: Path) -> list[Path]:
    """The songs in a folder and its subfolders."""
    return sorted(data.parent for data in folder.rglob(DATA))


def read(song: Path) -> Stems:
    """The recordings of a song, by source.

    Raises:
        UserError: data.json is not in MoisesDB's format.
    """
    path = song / DATA
    try:
        data = Song.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise UserError(f"{str(path)!r} is not what MoisesDB has there; replace it by the published file") from error
    mixture: list[Part] = []
    sources: dict[str, list[Part]] = {}
    for stem in data.stems:
        parts = [Part(song / stem.stemName / f"{recording.id}.{recording.extension}") for recording in stem.tracks]
        mixture += parts
        if parts and stem.stemName in SOURCES:
            sources.setdefault(SOURCES[stem.stemName], []).extend(parts)
    return Stems(as_name(f"{data.artist} - {data.song}"), mixture, sources)


MOISESDB = DataSet("MoisesDB", f"*/{DATA}", (), find, read)
