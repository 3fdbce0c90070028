"""Fetch a Debian package of openly licensed music, and decode the pieces that a table lists."""

import csv
import logging
import shutil
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stemsteer.datasets.debian import unpack
from stemsteer.errors import UserError
from stemsteer.files import written_whole
from stemsteer.models.weights import sha256
from stemsteer.sound import audio
from stemsteer.sound.decoding import MONO_RATE

PEAK = 0.99


def fetch_codec_music(table: Path, package: str, *, music_out: Path) -> None:
    """Write all listed pieces of a package, one after another.

    Args:
        table: lists each piece's package, its version, its file and their sha256.
        package: the Debian package.
        music_out: a numpy array, int16 mono at 44.1 kHz: `[samples]`.

    Raises:
        UserError: the package cannot be fetched, or a file is not the one in the table.
    """
    rows = _rows_of(table, package)
    with tempfile.TemporaryDirectory() as folder:
        unpack(package, rows[0]["version"], rows[0]["package_sha256"], Path(folder))
        for archive in Path(folder).rglob("*.pk3"):  # zip archives that some games keep their music in
            shutil.unpack_archive(archive, archive.parent, "zip")
        pieces = [_piece(row, Path(folder), table) for row in rows]
    with written_whole(music_out) as part:
        np.save(part, np.concatenate(pieces))


def _rows_of(table: Path, package: str) -> list[dict[str, str]]:
    with table.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file, dialect="excel-tab") if row["package"] == package]


def _piece(row: dict[str, str], folder: Path, table: Path) -> NDArray[np.int16]:
    """The verified piece of a row: int16 mono at 44.1 kHz, its peak at 0.99."""
    logging.info("%s (%s)", row["file"], row["licence"])
    path = folder / row["file"]
    if sha256(path) != row["file_sha256"]:
        raise UserError(f"{row['file']} of {row['package']} is not the file in {table}: its sha256 differs")
    signal, rate = audio.read(path)
    mono = audio.resample(audio.mono(signal), rate, MONO_RATE)[:, 0]
    return (mono / np.abs(mono).max() * PEAK * 32767).astype(np.int16)
