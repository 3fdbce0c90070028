"""A user who has no rights of root, and works where a shell would take the names of folders apart."""

import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import pytest

from workdir import REPOSITORY, Ended, Workdir

PARTS = ("Snakefile", "config.yaml", "rules", "scripts", "profiles", "report", "resources", "envs")
"""Of a checkout, what the workflow needs."""

GIVING_UP = ("setpriv", "--bounding-set", "-all", "--inh-caps", "-all")
"""Runs a command as root without what root may do and others may not."""


def without_rights() -> tuple[str, ...]:
    """What runs a command as an ordinary user does; the test is skipped where root cannot give up its rights."""
    if os.geteuid() != 0:
        return ()
    if not shutil.which(GIVING_UP[0]) or subprocess.run([*GIVING_UP, "true"], capture_output=True).returncode:
        pytest.skip("needs setpriv and the right to give up rights")
    return GIVING_UP


@dataclass(frozen=True)
class Drive:
    """A folder of an ordinary user with a checkout, an environment and results in it."""

    folder: Path

    @property
    def workdir(self) -> Workdir:
        """Where the user works."""
        return Workdir(self.folder / "work {x}")

    @property
    def checkout(self) -> Path:
        return self.folder / "checkout"

    @property
    def python(self) -> Path:
        """That of the environment, which has the packages of the present one, but StemSteer from the checkout."""
        return self.folder / "environment/bin/python"

    def make(self) -> None:
        """Make all of it."""
        self.workdir.folder.mkdir(parents=True)
        self.checkout.mkdir()
        ignored = shutil.ignore_patterns("__pycache__", ".*_cache")
        for part in PARTS:
            if (REPOSITORY / part).is_dir():
                shutil.copytree(REPOSITORY / part, self.checkout / part, ignore=ignored)
            else:
                shutil.copy(REPOSITORY / part, self.checkout)
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", self.folder / "environment"], check=True)
        (packages,) = (self.folder / "environment/lib").glob("python*/site-packages")
        (packages / "present.pth").write_text(f"{sysconfig.get_paths()['purelib']}\n")

    def snakemake(self, *options: str) -> Ended:
        """Run the workflow as the user would, with the programs of the system only."""
        environment = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
        command = [self.python, "-m", "snakemake", "--snakefile", self.checkout / "Snakefile", "--cores", "2"]
        ended = subprocess.run(
            [*without_rights(), *command, *options, "--configfile", "mine.yaml"],
            cwd=self.workdir.folder,
            env={**environment, "OMP_NUM_THREADS": "1", "PATH": os.defpath},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=600,
        )
        return Ended(ended.returncode, ended.stdout)
