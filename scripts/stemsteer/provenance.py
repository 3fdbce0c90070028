"""Where a stem comes from: everything needed to make it again, or to doubt it."""

import importlib.metadata
import platform
from typing import Any

PACKAGES = ("stemsteer", "torch", "numpy", "scipy", "soundfile", "soxr", "snakemake")


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that a stem depends on."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "not installed as a package"
    return found


def of_stem(facts: dict[str, Any], estimate: dict[str, Any], written: dict[str, Any]) -> dict[str, Any]:
    """The record beside a stem: its mixture, its ascent, how it was written, and with what."""
    return {**written, "mixture": facts, "ascent": estimate, "versions": versions(), "platform": platform.platform()}
