"""Checks of Python and of what is installed for it."""

import platform
import shlex
import sys
from collections.abc import Iterable
from importlib import metadata
from typing import TYPE_CHECKING

from stemsteer import __version__
from stemsteer.command_line.checks.finding import Finding, note, ok, problem
from stemsteer.places import HOME

if TYPE_CHECKING:
    from packaging.requirements import Requirement

OLDEST_PYTHON = (3, 11)


def python() -> Finding:
    """Whether Python is new enough."""
    found = f"{platform.python_version()} at {sys.executable}, on {platform.platform()}"
    if sys.version_info >= OLDEST_PYTHON:
        return ok(found)
    return problem(found, f"Make an environment with Python {'.'.join(map(str, OLDEST_PYTHON))} or newer.")


def stemsteer() -> Finding:
    """The version of StemSteer, and where it lies."""
    return ok(f"{__version__} in {HOME}")


def required() -> list[str]:
    """The packages that StemSteer requires, as its metadata has them; none where it is not installed."""
    try:
        return metadata.requires("stemsteer") or []
    except metadata.PackageNotFoundError:
        return []


def packages(requirements: Iterable[str]) -> Finding:
    """Whether packages are there, in versions that StemSteer works with."""
    from packaging.requirements import Requirement

    wanted = [Requirement(text) for text in requirements]
    wanted = [package for package in wanted if package.marker is None or package.marker.evaluate({"extra": ""})]
    if not wanted:
        return note(
            "StemSteer is not installed, so that what it requires is not known",
            "Install it in this environment:",
            shlex.join(["pip", "install", "--editable", str(HOME)]),
        )
    unfit = {str(package): fault for package in wanted if (fault := _fault(package))}
    if not unfit:
        return ok(f"all {len(wanted)} that StemSteer requires")
    return problem("; ".join(unfit.values()), "Install what is required:", shlex.join(["pip", "install", *unfit]))


def _fault(package: "Requirement") -> str | None:
    version = version_of(package.name)
    if version is None:
        return f"{package.name} is missing"
    if package.specifier.contains(version, prereleases=True):
        return None
    return f"{package.name} is {version}, not {package.specifier}"


def version_of(package: str) -> str | None:
    """The installed version of a package, if it is installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def snakemake() -> Finding:
    """The versions of Snakemake and of its plugin for Slurm."""
    version, plugin = version_of("snakemake"), version_of("snakemake-executor-plugin-slurm")
    if version is None:
        return problem("missing", "Install it:", "pip install 'snakemake>=9.27,<10'")
    if plugin is None:
        return note(
            f"{version}, without its plugin for Slurm",
            "For jobs on a cluster, install the plugin:",
            "pip install 'snakemake-executor-plugin-slurm>=2.8'",
        )
    return ok(f"{version}, with its plugin for Slurm, {plugin}")
