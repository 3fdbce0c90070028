"""pyproject.toml, constraints.txt and envs/ name the same packages at the same versions."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import make_envs

ROOT = Path(__file__).resolve().parents[2]
# Snakemake and the command line call the rules' environments; they are not in them.
IN_NO_ENVIRONMENT = {"snakemake", "snakemake-executor-plugin-slurm", "click", "rich"}


@pytest.fixture(scope="module")
def constraints() -> str:
    return (ROOT / "constraints.txt").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def pinned(constraints: str) -> dict[str, list[Requirement]]:
    """The pins by package: one, or one for each range of Python versions."""
    pinned: dict[str, list[Requirement]] = {}
    for line in constraints.splitlines():
        if line and not line.lstrip().startswith("#"):
            requirement = Requirement(line)
            pinned.setdefault(canonicalize_name(requirement.name), []).append(requirement)
    return pinned


@pytest.fixture(scope="module")
def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def dependencies(project: dict) -> list[Requirement]:
    """Those of every installation, and those of its extras."""
    extras = project["project"]["optional-dependencies"].values()
    lines = [*project["project"]["dependencies"], *(line for extra in extras for line in extra)]
    return [Requirement(line) for line in lines]


def version(pin: Requirement) -> str:
    (specifier,) = pin.specifier
    assert specifier.operator == "=="
    return specifier.version


def test_every_dependency_is_pinned_within_its_bounds(project, dependencies, pinned):
    development = [Requirement(line) for line in project["dependency-groups"]["dev"]]
    for requirement in dependencies + development:
        pins = pinned[canonicalize_name(requirement.name)]
        assert all(requirement.specifier.contains(version(pin)) for pin in pins), requirement


def test_the_workflow_asks_for_the_snakemake_that_is_installed_with_it(dependencies):
    """The least version is the same in the Snakefile and in pyproject.toml."""
    (requirement,) = [dependency for dependency in dependencies if dependency.name == "snakemake"]
    (least,) = re.findall(r'^min_version\("(.*)"\)', (ROOT / "Snakefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert requirement.specifier == SpecifierSet(f">={least},<{int(least.split('.')[0]) + 1}")


def test_every_pin_is_needed(constraints, pinned):
    """What no longer follows from pyproject.toml has left the constraints."""
    pins = make_envs.read_pins(constraints)
    assert len(pins) == sum(len(of_package) for of_package in pinned.values())
    roots = {pin.name for pin in pins if any(user.startswith("stemsteer ") for user in pin.required_by)}
    assert {pin.name for pin in make_envs.needed_for(roots, pins)} == set(pinned)


def test_direct_dependencies_are_those_of_pyproject(project, dependencies, constraints):
    pins = make_envs.read_pins(constraints)
    development = [Requirement(line) for line in project["dependency-groups"]["dev"]]
    for origin, requirements in {"pyproject.toml": dependencies, "pyproject.toml:dev": development}.items():
        compiled = {pin.name for pin in pins if f"stemsteer ({origin})" in pin.required_by}
        assert compiled == {requirement.name for requirement in requirements}


def test_constraints_name_no_index_and_no_file(constraints):
    assert "://" not in constraints
    assert "--" not in constraints
    assert " @ " not in constraints


def test_environments_are_as_made(constraints):
    made = make_envs.make_envs(constraints)
    kept = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "envs").glob("*.*") if path.suffix != ".py"}
    assert kept == made, "run `make envs`"


@pytest.mark.parametrize("name", ["audio", "torch"])
def test_environment_pins_are_the_constraints(name, pinned):
    dependencies = yaml.safe_load((ROOT / "envs" / f"{name}.yaml").read_text(encoding="utf-8"))["dependencies"]
    (pip_section,) = [entry["pip"] for entry in dependencies if isinstance(entry, dict)]
    requirements = [Requirement(line) for line in pip_section]
    assert len({requirement.name for requirement in requirements}) == len(requirements)
    for requirement in requirements:
        assert version(requirement) in {version(pin) for pin in pinned[requirement.name]}


def test_every_dependency_is_in_an_environment(dependencies):
    in_environments = set().union(*make_envs.IMPORTED.values())
    assert in_environments | IN_NO_ENVIRONMENT == {requirement.name for requirement in dependencies}


def test_packages_are_pinned_to_the_versions_whose_requirements_are_overridden(project, pinned):
    overrides = project["tool"]["uv"]["dependency-metadata"]
    assert overrides == [
        {"name": name, "version": version(pinned[name][0]), "requires-dist": requirements}
        for name, requirements in (
            ("musicnn", []),
            ("tinysoundfont", []),
            ("demucs", ["einops", "julius>=0.2.3"]),
            ("openunmix", []),
        )
    ]


def test_the_snakefile_wants_the_snakemake_that_is_installed() -> None:
    wanted = re.search(r'^min_version\("([0-9.]+)"\)', (ROOT / "Snakefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert wanted is not None
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert any(dependency.startswith(f"snakemake>={wanted[1]},") for dependency in project["dependencies"])
