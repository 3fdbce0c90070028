"""The records of exports: which files lie where."""

import os
from pathlib import Path

from stemsteer.files import read_json

RECORDS = "results/runs/*/exports/*"
"""Where they are, in the folder of a workflow."""


def files_of(record: Path) -> list[Path]:
    """The files that an export made, or has begun to make."""
    return [Path(row["path"]) for row in read_json(record)["files"]] if record.exists() else []


def exported_in(folder: Path) -> set[Path]:
    """All exported files of the workflow in a folder."""
    records = (record for record in folder.glob(RECORDS) if ".part" not in record.suffixes)  # which is half-written
    return {Path(os.path.normpath(folder / path)) for record in records for path in files_of(record)}
