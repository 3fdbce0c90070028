"""Get music out of Debian packages: apt-get downloads them; they are verified and unpacked, never installed."""

import subprocess
from pathlib import Path

from stemsteer.errors import UserError
from stemsteer.models.weights import sha256


def unpack(package: str, version: str, expected_sha256: str, folder: Path) -> None:
    """Unpack a package of exactly this version into `folder`.

    Raises:
        UserError: there is no apt-get, it cannot download the package, or the package is not the expected file.
    """
    command = ["apt-get", "download", f"{package}={version}"]
    try:
        fetched = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    except FileNotFoundError:
        raise UserError(f"{package} is a Debian package, and this machine has no apt-get to fetch it with") from None
    archives = list(folder.glob("*.deb"))
    if fetched.returncode or not archives:
        raise UserError(f"{' '.join(command)} failed; run apt-get update first ({fetched.stderr.strip()})")
    if (found := sha256(archives[0])) != expected_sha256:
        raise UserError(f"the package {package} {version} has the sha256 {found}, not the expected {expected_sha256}")
    subprocess.run(["dpkg", "-x", archives[0].name, "."], cwd=folder, check=True)
