"""The conda environment that a rule names holds every package that its script imports."""

import ast
import re
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

import make_envs

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "scripts"
RULE = re.compile(r"^ *rule\b.*?:$.*?(?=^ *rule\b|\Z)", re.MULTILINE | re.DOTALL)
REGISTERED = re.compile(r"^(stemsteer\.[\w.]+):\w+$")
CONDA = re.compile(r'conda:\s+"\.\./envs/(\w+)\.yaml"')
SCRIPT = re.compile(r'script:\s+"\.\./(scripts/\w+\.py)"')
DISTRIBUTIONS = packages_distributions()
# Snakemake puts itself on the path of every script.
FROM_OUTSIDE = {"snakemake"}

SCRIPTS_AND_ENVIRONMENTS = sorted(
    {
        (script, environment)
        for rules in (ROOT / "rules").glob("*.smk")
        for rule in RULE.findall(rules.read_text(encoding="utf-8"))
        for script in SCRIPT.findall(rule)
        for environment in CONDA.findall(rule)
    }
)


class WithoutTypes(ast.NodeTransformer):
    """Removes what stands under `if TYPE_CHECKING:`, which never runs."""

    def visit_If(self, node: ast.If) -> ast.AST:
        if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            node.body = []
        return self.generic_visit(node)


def imported_names(source: str) -> Iterator[str]:
    """Dotted names that a source imports, here or in a function; of `from a import b` both `a` and `a.b`.

    Not those that it imports for types only.
    """
    for node in ast.walk(WithoutTypes().visit(ast.parse(source))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def registered_modules() -> set[str]:
    """Modules that a registry names, to be imported when they are first asked for; the command line's are no job's."""
    return {
        place[1]
        for file in (SCRIPTS / "stemsteer").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
        and (place := REGISTERED.match(str(node.value)))
        and not place[1].startswith("stemsteer.command_line.")
    }


def files_of(name: str) -> Iterator[Path]:
    """The files of the library that importing a dotted name runs; none if it is not the library's."""
    parts = name.split(".")
    for length in range(1, len(parts) + 1):
        path = SCRIPTS.joinpath(*parts[:length])
        yield from (file for file in (path / "__init__.py", path.with_suffix(".py")) if file.is_file())


def packages_imported(script: Path) -> set[str]:
    """Distributions that a script imports, itself or through the library."""
    names: set[str] = set()
    pending, seen = [script], set()
    while pending:
        file = pending.pop()
        if file in seen:
            continue
        seen.add(file)
        for name in imported_names(file.read_text(encoding="utf-8")):
            if library := list(files_of(name)):
                pending += library
            else:
                names.add(name.split(".")[0])
    names -= sys.stdlib_module_names | FROM_OUTSIDE
    return {canonicalize_name(DISTRIBUTIONS[name][0]) for name in names}


def test_rules_name_their_environments():
    assert {environment for _, environment in SCRIPTS_AND_ENVIRONMENTS} == set(make_envs.IMPORTED)
    programs = {f"scripts/{path.name}" for path in SCRIPTS.glob("*.py")}
    assert {script for script, _ in SCRIPTS_AND_ENVIRONMENTS} == programs


@pytest.mark.parametrize(("script", "environment"), SCRIPTS_AND_ENVIRONMENTS)
def test_environment_holds_what_the_script_imports(script, environment):
    pins = make_envs.read_pins((ROOT / "constraints.txt").read_text(encoding="utf-8"))
    held = {pin.name for pin in make_envs.needed_for(make_envs.IMPORTED[environment], pins)}
    assert packages_imported(ROOT / script) <= held


def test_the_environment_with_torch_holds_what_registries_import():
    pins = make_envs.read_pins((ROOT / "constraints.txt").read_text(encoding="utf-8"))
    held = {pin.name for pin in make_envs.needed_for(make_envs.IMPORTED["torch"], pins)}
    modules = registered_modules()
    assert "stemsteer.compared.hpss" in modules
    for module in modules:
        *_, file = files_of(module)
        assert packages_imported(file) <= held, module
