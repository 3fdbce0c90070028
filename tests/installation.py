"""An installation of StemSteer as users have it: a wheel of this checkout in an environment of its own.

The environment sees the packages of the present one, but for StemSteer and, as long as it is not brought, musicnn.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PROGRAMS = ("bash", "sh", "git", "which")
"""Of the system. Its ffmpeg and its Slurm stay hidden: neither is needed."""

SNAKEMAKE = """\
#!{python}
from snakemake.cli import main
main()
"""
"""The command `snakemake`, as pip would write it."""


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    status: int
    output: str
    errors: str


@dataclass(frozen=True)
class Installation:
    """An environment, and the files of a user who works in it.

    Attributes:
        folder: of all that belongs to it.
    """

    folder: Path

    @property
    def environment(self) -> Path:
        """What Python calls its prefix."""
        return self.folder / "environment"

    @property
    def home(self) -> Path:
        """The folder of the user."""
        return self.folder / "home"

    def run(self, *command: str | Path, cwd: Path) -> Ended:
        """Run a command in a shell that knows nothing but this environment, without a network where that can be had."""
        path = os.pathsep.join(map(str, (self.environment / "bin", self.folder / "programs")))
        ended = subprocess.run(
            [*_without_network(), "env", "-i", f"PATH={path}", f"HOME={self.home}", "LANG=C.UTF-8", *command],
            cwd=cwd,
            capture_output=True,
            encoding="utf-8",
            timeout=600,
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    def bring_musicnn(self) -> None:
        """Have the package musicnn, as `pip install --no-deps musicnn` would."""
        (self.folder / "hidden").rename(self.folder / "musicnn")


def make_environment(folder: Path) -> Installation:
    """An environment without StemSteer."""
    if find_spec("ensurepip") is None:
        pytest.skip("needs ensurepip, of the package python3-venv, to make an environment")
    made = Installation(folder)
    made.home.mkdir()
    # An environment that is made from one would see nothing of Python's own library.
    python = getattr(sys, "_base_executable", sys.executable)
    subprocess.run([python, "-m", "venv", made.environment], check=True)
    _link_programs(folder / "programs")
    _link_packages(folder)
    (packages,) = (made.environment / "lib").glob("python*/site-packages")
    (packages / "present.pth").write_text(f"{folder / 'packages'}\n{folder / 'musicnn'}\n")
    command = made.environment / "bin" / "snakemake"
    command.write_text(SNAKEMAKE.format(python=made.environment / "bin" / "python"))
    command.chmod(0o755)
    return made


def install(made: Installation, wheel: Path) -> None:
    """Install a wheel, and nothing that it requires."""
    arguments = ["install", "--quiet", "--no-deps", "--no-index", "--disable-pip-version-check", str(wheel)]
    ended = made.run("python", "-m", "pip", *arguments, cwd=made.home)
    assert ended.status == 0, ended.errors


def build_wheel(folder: Path, source: Path = ROOT) -> Path:
    """Build a wheel of a checkout, or of an unpacked sdist, in a folder."""
    return _build("wheel", source, folder, "*.whl")


def build_sdist(folder: Path) -> Path:
    """Build the sdist of this checkout in a folder."""
    return _build("sdist", ROOT, folder, "*.tar.gz")


def _build(target: str, source: Path, folder: Path, pattern: str) -> Path:
    pytest.importorskip("hatchling", reason="needs hatchling, of the development packages, to build a wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", folder]
    subprocess.run(build, cwd=source, check=True, capture_output=True)
    (built,) = folder.glob(pattern)
    return built


def _link_programs(folder: Path) -> None:
    folder.mkdir()
    for program in PROGRAMS:
        if place := shutil.which(program):
            (folder / program).symlink_to(place)


def _link_packages(folder: Path) -> None:
    """Links to the present packages; those of musicnn lie apart, hidden."""
    packages, musicnn = folder / "packages", folder / "hidden"
    packages.mkdir()
    musicnn.mkdir()
    for entry in Path(sysconfig.get_paths()["purelib"]).iterdir():
        name = entry.name.lower()
        if "stemsteer" not in name and name != "__pycache__":
            place = musicnn if name.startswith("musicnn") else packages
            (place / entry.name).symlink_to(entry)


def _without_network() -> list[str]:
    """What runs a command with no network; only root may always do that."""
    return ["unshare", "--net"] if os.geteuid() == 0 and shutil.which("unshare") else []
