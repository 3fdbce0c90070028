"""What the report reads: audio, records and tables that may be missing or damaged."""

import csv
from pathlib import Path
from typing import Any

import soundfile

from stemsteer.files import read_json

AUDIO_SUFFIXES = (".wav", ".flac")

Row = dict[str, str]
"""A row of a table, as text."""


def is_made(path: Path) -> bool:
    """Whether a file exists and, if it is audio, can be read and holds samples."""
    if path.suffix not in AUDIO_SUFFIXES:
        return path.is_file()
    try:
        return bool(soundfile.info(path).frames)
    except soundfile.LibsndfileError:
        return False


def if_made(path: Path) -> Path | None:
    """The path of a file that is made."""
    return path if is_made(path) else None


def read_object(path: Path) -> dict[str, Any]:
    """The object in a JSON file; an empty one where the file is missing or damaged."""
    try:
        return read_json(path)
    except (OSError, ValueError):
        return {}


def read_table(path: Path) -> list[Row]:
    """The rows of a tab-separated table with a header; none where the file is missing."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, dialect="excel-tab"))
