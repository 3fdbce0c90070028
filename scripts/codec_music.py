"""Fetch a Debian package of openly licensed music and decode the pieces listed in the table: int16 mono at 44.1 kHz."""

import csv
import logging
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stemsteer.datasets.debian import unpack
from stemsteer.errors import UserError, told_in_log
from stemsteer.files import written_whole
from stemsteer.models.registry import sha256
from stemsteer.sound import audio
from stemsteer.sound.decoding import MODEL_RATE

PEAK = 0.99


def rows_of(table: Path, package: str) -> list[dict[str, str]]:
    """The table's rows for one package."""
    with table.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file, dialect="excel-tab") if row["package"] == package]


def decode(path: Path) -> NDArray[np.int16]:
    """A piece as int16 mono at 44.1 kHz, its peak at 0.99."""
    signal, rate = audio.read(path)
    mono = audio.resample(audio.mono(signal), rate, MODEL_RATE)[:, 0]
    return (mono / np.abs(mono).max() * PEAK * 32767).astype(np.int16)


def main(job: Any) -> None:
    rows = rows_of(Path(job.input.table), job.wildcards.package)
    with tempfile.TemporaryDirectory() as folder:
        unpack(rows[0]["package"], rows[0]["version"], rows[0]["package_sha256"], Path(folder))
        for archive in Path(folder).rglob("*.pk3"):  # zip archives that some games keep their music in
            shutil.unpack_archive(archive, archive.parent, "zip")
        pieces = []
        for row in rows:
            logging.info("%s (%s)", row["file"], row["licence"])
            path = Path(folder) / row["file"]
            if sha256(path) != row["file_sha256"]:
                raise UserError(
                    f"{row['file']} of {row['package']} is not the file in {job.input.table}: its sha256 differs"
                )
            pieces.append(decode(path))
    with written_whole(job.output[0]) as part:
        np.save(part, np.concatenate(pieces))


if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        main(job)
