"""The rooms of the library (the folders and files of scripts/stemsteer) and the imports between them.

    python tests/unit/test_rooms.py scripts/stemsteer

prints the rooms, what each imports, and the circles.
"""

import ast
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "scripts" / "stemsteer"

Graph = dict[str, set[str]]
"""What each module, or each room, imports."""


def modules_in(library: Path) -> dict[str, Path]:
    """All modules of a library by their full names."""
    files = {path: path.relative_to(library.parent).with_suffix("").parts for path in library.rglob("*.py")}
    return {".".join(parts).removesuffix(".__init__"): path for path, parts in files.items()}


def imports_between_modules(library: Path) -> Graph:
    """Imports anywhere in a module count: inside functions, and for types only, too.

    Not those of the library's own `__init__`, which offers the API and imports it when somebody uses it.
    """
    modules = modules_in(library)
    graph: Graph = {module: set() for module in modules}
    for module, path in modules.items():
        if module == library.name:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            graph[module] |= {name for name in _imported(node) if name in modules and name != module}
    return graph


def _imported(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    if isinstance(node, ast.ImportFrom) and node.module:
        return {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return set()


def room_of(module: str) -> str:
    """The folder or file directly below the library that a module lies in."""
    return module.split(".")[1] if "." in module else module


def imports_between_rooms(library: Path) -> Graph:
    """Of each room, the other rooms that it imports; the library's own `__init__` and `__main__` are no rooms."""
    graph: Graph = {}
    for module, imported in imports_between_modules(library).items():
        if (room := room_of(module)) not in (library.name, "__main__"):
            others = {room_of(other) for other in imported} - {room, library.name}
            graph.setdefault(room, set()).update(others)
    return graph


def circles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """Groups of two or more that import each other, directly or through others."""
    reached = {start: _reached(graph, start) for start in graph}
    groups = {frozenset(b for b in graph if b in reached[a] and a in reached[b]) for a in graph}
    return sorted(sorted(group) for group in groups if len(group) > 1)


def _reached(graph: Mapping[str, set[str]], start: str) -> set[str]:
    found: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        if (name := waiting.pop()) not in found:
            found.add(name)
            waiting += graph.get(name, ())
    return found


def documented_rooms() -> list[str]:
    """The rooms in the order of the table in docs/architecture.md."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = text.split("## The rooms", 1)[1].split("\n## ", 1)[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    return [name.removesuffix("/").removesuffix(".py") for row in rows for name in re.findall(r"`([^`]+)`", row)]


def test_circles_are_found() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}, "e": set()}) == [["a", "b", "c"]]


def test_modules_do_not_import_each_other_in_circles() -> None:
    assert circles(imports_between_modules(LIBRARY)) == []


def test_rooms_are_few_and_do_not_import_each_other_in_circles() -> None:
    rooms = imports_between_rooms(LIBRARY)
    assert 10 < len(rooms) <= 24
    assert circles(rooms) == []


def test_each_room_imports_only_those_above_it_in_the_architecture() -> None:
    order = documented_rooms()
    rooms = imports_between_rooms(LIBRARY)
    assert sorted(order) == sorted(rooms)
    upwards = {
        (room, other) for room, others in rooms.items() for other in others if order.index(other) >= order.index(room)
    }
    assert upwards == set()


@pytest.mark.parametrize("folder", ["scripts", "rules", "envs"])
def test_no_file_is_long(folder: str) -> None:
    files = [path for suffix in ("*.py", "*.smk") for path in (ROOT / folder).rglob(suffix)]
    lengths = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    assert {path: lines for path, lines in lengths.items() if lines > 300} == {}


def main() -> None:
    library = Path(sys.argv[1]).resolve()
    rooms, modules = imports_between_rooms(library), imports_between_modules(library)
    for room, others in sorted(rooms.items()):
        print(f"{room}: {', '.join(sorted(others)) or '-'}")
    for kind, graph in (("rooms", rooms), ("modules", modules)):
        arrows = sum(map(len, graph.values()))
        print(f"{len(graph)} {kind}, {arrows} arrows, circles: {circles(graph) or 'none'}")


if __name__ == "__main__":
    main()
