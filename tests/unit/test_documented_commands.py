"""Commands that the documents tell people to type are commands of Snakemake, with files where it takes files."""

import re
import shlex
from pathlib import Path

import pytest
from snakemake.cli import get_argument_parser

REPOSITORY = Path(__file__).parents[2]
DOCUMENTS = [
    path
    for pattern in ("*.md", "docs/*.md", "benchmarks/*.md", "benchmarks/*.yaml", "resources/codec/*.md", "config.yaml")
    for path in REPOSITORY.glob(pattern)
]
# Indented or after a comment's mark, up to what follows on the same line.
COMMAND = re.compile(r"(?:^(?:    |# )(?:\$ )?|&& )(snakemake(?: [^#&|>`\n]*)?)(?=$|[#&|>`])", re.MULTILINE)


def commands() -> list[str]:
    found = [match[1] for path in DOCUMENTS for match in COMMAND.finditer(path.read_text(encoding="utf-8"))]
    return sorted({command.split("   ")[0].strip() for command in found})


def test_commands_are_found() -> None:
    assert len(commands()) > 20


@pytest.mark.parametrize("command", commands())
def test_a_command_is_understood(command: str) -> None:
    arguments = get_argument_parser().parse_args(shlex.split(command)[1:])
    assert all(Path(name).suffix == ".yaml" for name in arguments.configfile or [])
    assert not any(Path(name).suffix == ".yaml" for name in arguments.targets)
