"""Slakh2100: a folder for each track, with mix.flac, stems/S00.flac, ... and metadata.yaml, which describes the stems.

The stems of one source are summed; the General MIDI program of a stem says which source it is (see `general_midi`).
BabySlakh, a small sample in wav, has the same layout.
"""

from pathlib import Path

import yaml
from pydantic import BaseModel, ValidationError

from stemsteer.datasets.data_set import DataSet
from stemsteer.datasets.general_midi import SOURCES, source_of
from stemsteer.datasets.stems import Part, Stems
from stemsteer.errors import UserError
from stemsteer.names import as_name

SPLITS = ("train", "validation", "test")
METADATA = "metadata.yaml"
SUFFIXES = (".flac", ".wav")


class Stem(BaseModel):
    """The part of a stem's metadata that is used."""

    program_num: int
    is_drum: bool
    audio_rendered: bool
    """False for a few stems, which have no file."""


class Metadata(BaseModel):
    """The part of a track's metadata that is used."""

    stems: dict[str, Stem]


def find(folder: Path) -> list[Path]:
    """The tracks in a folder and its subfolders."""
    return sorted(metadata.parent for metadata in folder.rglob(METADATA))


def read(track: Path) -> Stems:
    """The stems of a track, by source.

    Raises:
        UserError: metadata.yaml is not in Slakh2100's format, or a file is missing.
    """
    path = track / METADATA
    try:
        metadata = Metadata.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (yaml.YAMLError, ValidationError, UnicodeDecodeError) as error:
        raise UserError(f"{str(path)!r} is not what Slakh2100 has there; replace it by the published file") from error
    sources: dict[str, list[Part]] = {source: [] for source in SOURCES}
    for name, stem in metadata.stems.items():
        source = source_of(stem.program_num, stem.is_drum)
        if stem.audio_rendered and source in sources:
            sources[source].append(Part(_audio(track / "stems" / name)))
    present = {source: parts for source, parts in sources.items() if parts}
    return Stems(as_name(track.name), [Part(_audio(track / "mix"))], present)


def _audio(path: Path) -> Path:
    """The file with this name and one of the suffixes."""
    for suffix in SUFFIXES:
        if (file := path.with_suffix(suffix)).is_file():
            return file
    raise UserError(f"{str(path)!r} is there neither as flac nor as wav; put the published file there")


SLAKH2100 = DataSet("Slakh2100", f"*/{METADATA}", SPLITS, find, read)
