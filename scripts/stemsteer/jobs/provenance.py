"""Where a stem and its scores come from: everything needed to make them again, or to doubt them."""

import importlib.metadata
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stemsteer.models.weights import sha256

PACKAGES = ("stemsteer", "torch", "numpy", "scipy", "soundfile", "soxr", "snakemake")
"""What every stem depends on."""
SCORING = "museval"
"""What scores depend on besides."""


def versions(*more: str) -> dict[str, str]:
    """Versions of Python and of the packages that a stem depends on, and of `more` of them."""
    found = {"python": platform.python_version()}
    for package in (*PACKAGES, *more):
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "not installed as a package"
    return found


def of_stem(facts: dict[str, Any], estimate: dict[str, Any], written: dict[str, Any]) -> dict[str, Any]:
    """The record beside a stem: its mixture, how it was steered and written, and with what."""
    return {**written, "mixture": facts, "ascent": estimate, **_made_with()}


def of_compared(
    facts: dict[str, Any],
    inputs: Mapping[str, Path],
    method: dict[str, Any],
    written: dict[str, Any],
    *packages: str,
) -> dict[str, Any]:
    """The record beside a stem that no run made: the method in the place of the steering.

    The job that makes such a stem scores it too.

    Args:
        inputs: paths of the signals that the method was given, by what they are.
        packages: those that the method depends on besides.
    """
    hashes = {name: sha256(path) for name, path in inputs.items()}
    return {**written, "mixture": facts, "inputs_sha256": hashes, "method": method, **_made_with(*packages, SCORING)}


def of_scores() -> dict[str, Any]:
    """The record beside a run's scores of a stem."""
    return _made_with(SCORING)


def _made_with(*packages: str) -> dict[str, Any]:
    return {"versions": versions(*packages), "platform": platform.platform()}
