"""The files that ship with StemSteer are found in a checkout and in an installed wheel."""

import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from installation import ROOT, build_wheel
from stemsteer import __version__
from stemsteer.places import HOME, REPORT_TEMPLATES, RESOURCES

FOLDERS = ("envs", "profiles", "report", "resources", "rules")
SHIPPED = sorted(
    path.relative_to(ROOT)
    for pattern in (*(f"{folder}/**/*" for folder in FOLDERS), "scripts/*.py", "Snakefile", "config*")
    for path in ROOT.glob(pattern)
    if path.is_file() and "__pycache__" not in path.parts
)

# Prints the folder that the shipped files are read from.
READ_EVERYTHING = """
from stemsteer import __version__
from stemsteer.models.registry import registry
from stemsteer.models.weights import find
from stemsteer.places import HOME
from stemsteer.report.page import write_report
from stemsteer.settings.presets import presets
from stemsteer.settings.tracks import read_tracks
from stemsteer.taggers.vocabularies import known_names

assert presets() and known_names() and __version__
for name in registry():
    if registry()[name].ships:
        find(name)
assert read_tracks("resources/demo/tracks.tsv", ["drums"])[0].track == "The Easton Ellises - Falcon 69"
print(HOME)
"""


def test_a_checkout_has_them_at_its_top():
    assert (HOME, RESOURCES, REPORT_TEMPLATES) == (ROOT, ROOT / "resources", ROOT / "report")


def test_the_version_has_one_place():
    assert "version" in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dynamic"]
    assert __version__.count(".") == 2


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an unpacked wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    with zipfile.ZipFile(build_wheel(folder / "built")) as archive:
        archive.extractall(folder / "installed")
    return folder / "installed"


def test_a_wheel_holds_all_of_them(installed: Path):
    shipped = installed / "stemsteer" / "shipped"
    assert {path: (shipped / path).read_bytes() for path in SHIPPED} == {
        path: (ROOT / path).read_bytes() for path in SHIPPED
    }


def test_the_library_reads_them_from_a_wheel(installed: Path, tmp_path: Path):
    environment = {**os.environ, "PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1"}
    ended = subprocess.run(
        [sys.executable, "-c", READ_EVERYTHING], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert Path(ended.stdout.strip()) == installed / "stemsteer" / "shipped"
