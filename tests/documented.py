"""The command lines that the documents and the help texts tell people to type."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from stemsteer.command_line.main import COMMANDS, main

REPOSITORY = Path(__file__).parents[1]
DOCUMENTS = ("*.md", "docs/*.md", "benchmarks/**/*.md", "resources/codec/*.md", "profiles/*.md")
PROGRAMS = ("stemsteer", "snakemake", "make", "python")

ASSIGNMENT = r"(?:[A-Z_]+=\S* )"
PROGRAM = rf"{ASSIGNMENT}*(?:{'|'.join(PROGRAMS)})"
COMMAND_LINE = re.compile(rf"(?:^|&& ){PROGRAM}(?= |$)")
IN_A_SENTENCE = re.compile(rf"`({PROGRAM} [^`]+)`")
PLACEHOLDER = re.compile(r"<|\.\.\.|\[[A-Z]|\b(?!STEMSTEER)[A-Z]{4,}\b(?!=)")
"""What is to be filled in, such as FOLDER."""

NAME = re.compile(r"stemsteer [a-z]+")
"""A command of stemsteer as a sentence names it."""

COMMENT = re.compile(r"\s+#\s.*$")
EXPLANATION = re.compile(r" {3,}.*$")
"""What an example in a help text does stands beside it."""

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHELL = ("", "sh", "bash", "shell", "console")


def documented() -> dict[str, str]:
    """All command lines, each with a place where it stands."""
    texts = {str(path.relative_to(REPOSITORY)): path.read_text(encoding="utf-8") for path in _documents()}
    found = {line: place for place, text in texts.items() for line in in_document(text)}
    return {line: f"the help of {name}" for name, text in _helps().items() for line in in_help(text)} | found


def in_document(text: str) -> Iterator[str]:
    """The command lines of a Markdown document: those of its blocks, and whole ones in sentences."""
    for language, block in BLOCK.findall(text):
        if language in SHELL:
            yield from _commands(block.splitlines())
    prose = BLOCK.sub("", text)
    joined = re.sub(r" *\\\n +", " ", prose)
    yield from _commands(line[4:] for line in joined.splitlines() if line.startswith("    "))
    yield from _in_sentences("\n".join(line for line in prose.splitlines() if not line.startswith("    ")))


def in_help(text: str) -> Iterator[str]:
    """The command lines of a help text: its examples, and whole ones in sentences."""
    examples = re.split(r"Examples?:\n", text)
    for block in examples[1:]:
        yield from _commands(EXPLANATION.sub("", line.strip()) for line in block.split("\n\n")[0].splitlines())
    yield from _in_sentences(text)


def _commands(lines: Iterator[str] | list[str]) -> Iterator[str]:
    for line in lines:
        command = COMMENT.sub("", line.removeprefix("$ ")).strip()
        if COMMAND_LINE.search(command) and not PLACEHOLDER.search(command):
            yield command


def _in_sentences(text: str) -> Iterator[str]:
    for command in IN_A_SENTENCE.findall(" ".join(text.split())):
        if not PLACEHOLDER.search(command) and not NAME.fullmatch(command):
            yield command.replace("\\|", "|")


def _documents() -> Iterator[Path]:
    for pattern in DOCUMENTS:
        yield from sorted(REPOSITORY.glob(pattern))


def _helps() -> Mapping[str, str]:
    """The help of each command of `stemsteer`, and of their commands."""
    return dict(_helps_of(main, "stemsteer"))


def _helps_of(command: click.Command, name: str) -> Iterator[tuple[str, str]]:
    yield name, f"{command.help}\n\n{command.epilog or ''}"
    if isinstance(command, click.Group):
        context = click.Context(command)
        for child in COMMANDS if command is main else command.list_commands(context):
            named = command.get_command(context, child)
            assert named is not None
            yield from _helps_of(named, f"{name} {child}")
