"""Commands that people are told to type are commands of Snakemake, with files where it takes files, or of StemSteer."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from snakemake.cli import get_argument_parser

from stemsteer.command_line.main import COMMANDS, main

REPOSITORY = Path(__file__).parents[2]
DOCUMENTS = [
    path
    for pattern in ("*.md", "docs/*.md", "benchmarks/*.md", "benchmarks/*.yaml", "resources/codec/*.md", "config.yaml")
    for path in REPOSITORY.glob(pattern)
]
# Indented or after a comment's mark, up to what follows on the same line.
COMMAND = r"(?:^(?: +|# )(?:\$ )?|&& )({program}(?: [^#&|>`\n]*)?)(?=$|[#&|>`])"


def commands(program: str, texts: Iterator[str]) -> list[str]:
    found = [match[1] for text in texts for match in re.finditer(COMMAND.format(program=program), text, re.MULTILINE)]
    return sorted({command.split("   ")[0].strip() for command in found})


def documents() -> Iterator[str]:
    for path in DOCUMENTS:
        yield path.read_text(encoding="utf-8")


def helps() -> Iterator[str]:
    for name in COMMANDS:
        command = main.get_command(click.Context(main), name)
        assert command is not None
        yield str(command.help)


def test_commands_are_found() -> None:
    assert len(commands("snakemake", documents())) > 20
    assert len(commands("stemsteer", helps())) > 10


@pytest.mark.parametrize("command", commands("snakemake", documents()))
def test_a_command_is_understood(command: str) -> None:
    arguments = get_argument_parser().parse_args(shlex.split(command)[1:])
    assert all(Path(name).suffix == ".yaml" for name in arguments.configfile or [])
    assert not any(Path(name).suffix == ".yaml" for name in arguments.targets)


@pytest.mark.parametrize("command", sorted({*commands("stemsteer", documents()), *commands("stemsteer", helps())}))
def test_a_command_of_stemsteer_is_understood(command: str) -> None:
    context = main.make_context("stemsteer", shlex.split(command)[1:])
    try:
        while isinstance(context.command, click.Group) and (rest := [*context._protected_args, *context.args]):
            name, command_named, arguments = context.command.resolve_command(context, rest)
            assert command_named is not None
            context = command_named.make_context(name, arguments, parent=context)
    except click.exceptions.Exit:
        assert "--help" in command
    except click.BadParameter as error:
        if "does not exist" not in error.message:  # a file of the example
            raise
