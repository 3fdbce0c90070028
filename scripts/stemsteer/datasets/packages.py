"""Get files out of packages of Debian, PyPI and npm: each is downloaded, verified and unpacked, never installed."""

import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from stemsteer.datasets import debian
from stemsteer.errors import UserError
from stemsteer.models.weights import sha256


def unpack(registry: str, package: str, version: str, expected_sha256: str, folder: Path) -> None:
    """Unpack a package of exactly this version into `folder`.

    Args:
        registry: debian, pypi or npm.
        package: its name there.
        version: of the package.
        expected_sha256: of the file that the registry keeps: a .deb, a wheel, or an archive of npm's.
        folder: an empty one.

    Raises:
        UserError: the package cannot be downloaded, or is not the expected file.
    """
    UNPACK[registry](package, version, expected_sha256, folder)


def _pypi(package: str, version: str, expected_sha256: str, folder: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", f"{package}=={version}"]
    wheel = _download(command, "*.whl", expected_sha256, folder)
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)


def _npm(package: str, version: str, expected_sha256: str, folder: Path) -> None:
    archive_file = _download(["npm", "pack", f"{package}@{version}"], "*.tgz", expected_sha256, folder)
    with tarfile.open(archive_file) as archive:
        archive.extractall(folder, filter="data")


def _download(command: list[str], pattern: str, expected_sha256: str, folder: Path) -> Path:
    try:
        fetched = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    except FileNotFoundError:
        raise UserError(f"this machine has no {command[0]}, which {command[-1]} is fetched with") from None
    archives = list(folder.glob(pattern))
    if fetched.returncode or not archives:
        raise UserError(f"{' '.join(command)} failed ({fetched.stderr.strip()})")
    if (found := sha256(archives[0])) != expected_sha256:
        raise UserError(f"{command[-1]} has the sha256 {found}, not the expected {expected_sha256}")
    return archives[0]


UNPACK: dict[str, Callable[[str, str, str, Path], None]] = {"debian": debian.unpack, "npm": _npm, "pypi": _pypi}
