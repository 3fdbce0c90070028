"""The recipes of containers: their commands are a shell's, and they install what the project says."""

import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RECIPES = ("Dockerfile", "apptainer/stemsteer.def")


def commands(recipe: str) -> str:
    """What a recipe runs while the image is built, and when it is started."""
    text = (ROOT / recipe).read_text(encoding="utf-8")
    if recipe == "Dockerfile":
        return "\n".join(re.findall(r"^RUN (.*)", text.replace("\\\n", " "), re.MULTILINE))
    sections = re.findall(r"^%(\w+)\n(.*?)(?=^%|\Z)", text, re.MULTILINE | re.DOTALL)
    return "\n".join(body for name, body in sections if name != "files")


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_shell_understands_the_commands(recipe: str) -> None:
    assert "pip install" in commands(recipe)
    subprocess.run(["sh", "-n"], input=commands(recipe), text=True, check=True)


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_pinned_packages_are_installed(recipe: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (musicnn,) = project["optional-dependencies"]["musicnn"]
    lines = [shlex.split(line) for line in re.findall(r"pip install (.*)", commands(recipe).replace("&&", "\n"))]
    assert lines == [
        ["--no-cache-dir", "--constraint", "constraints.txt", "."],
        ["--no-cache-dir", "--no-deps", musicnn],
    ]


def test_the_image_is_built_of_all_that_a_wheel_needs() -> None:
    sent = set(re.findall(r"^!(\S+)", (ROOT / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE))
    assert all((ROOT / name).exists() for name in sent)
    hook = (ROOT / "hatch_build.py").read_text(encoding="utf-8")
    (shipped,) = re.findall(r"^SHIPPED = \((.*)\)$", hook, re.MULTILINE)
    assert set(re.findall(r'"(.*?)"', shipped)) | {"scripts", "pyproject.toml", "constraints.txt", "README.md"} <= sent
