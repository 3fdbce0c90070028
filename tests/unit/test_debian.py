"""A Debian package is unpacked if it is the expected file, without being installed."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from stemsteer.datasets.debian import unpack
from stemsteer.errors import UserError
from stemsteer.models.weights import sha256

pytestmark = pytest.mark.skipif(not shutil.which("dpkg-deb"), reason="this machine has no dpkg")

CONTROL = "Package: songs\nVersion: 1.0\nArchitecture: all\nMaintainer: none\nDescription: songs\n"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package with a song, which an apt-get in front of the machine's fetches in version 1.0."""
    content = tmp_path / "content"
    for name, text in {"DEBIAN/control": CONTROL, "usr/share/songs/song.mid": "la la"}.items():
        (content / name).parent.mkdir(parents=True)
        (content / name).write_text(text, encoding="utf-8")
    package = tmp_path / "songs_1.0_all.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "--build", content, package], check=True, capture_output=True)
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "apt-get").write_text(
        f'#!/bin/sh\n[ "$1 $2" = "download songs=1.0" ] && cp {package} . || {{ echo "E: no songs" >&2; exit 100; }}\n',
        encoding="utf-8",
    )
    (programs / "apt-get").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    return package


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "unpacked").mkdir()
    return tmp_path / "unpacked"


def test_a_package_is_unpacked(package: Path, folder: Path) -> None:
    unpack("songs", "1.0", sha256(package), folder)
    assert (folder / "usr/share/songs/song.mid").read_text(encoding="utf-8") == "la la"


def test_another_file_is_refused(package: Path, folder: Path) -> None:
    with pytest.raises(UserError, match=rf"songs 1.0 has the sha256 {sha256(package)}, not the expected 0000"):
        unpack("songs", "1.0", "0000", folder)
    assert not (folder / "usr").exists()


@pytest.mark.usefixtures("package")
def test_another_version_is_told(folder: Path) -> None:
    with pytest.raises(UserError, match=r"apt-get download songs=2.0 failed; run apt-get update first \(E: no songs\)"):
        unpack("songs", "2.0", "0000", folder)


def test_a_machine_without_apt_get_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(folder))
    with pytest.raises(UserError, match="this machine has no apt-get"):
        unpack("songs", "1.0", "0000", folder)
