"""The command `stemsteer doctor`."""

import textwrap
from collections import Counter
from functools import partial
from pathlib import Path

import click

from stemsteer.command_line.checks import audio, cluster, computing, folders, installation, models
from stemsteer.command_line.checks.finding import Check, Finding, Mark, examined
from stemsteer.command_line.terminal import NARROWEST, say, width

COLUMNS = (9, 18)
"""The width of marks, and of what is examined."""


def checks(folder: Path) -> dict[str, Check]:
    """All checks by what they examine, where results shall be written to a folder."""
    return {
        "Python": installation.python,
        "StemSteer": installation.stemsteer,
        "packages": partial(installation.packages, installation.required()),
        "Snakemake": installation.snakemake,
        "PyTorch": computing.pytorch,
        "GPU": computing.gpu,
        "processor": computing.processor,
        "memory": computing.memory,
        "ffmpeg": audio.ffmpeg,
        "models that ship": models.shipped,
        "package musicnn": models.of_musicnn,
        "fetched models": models.fetched,
        "folder": partial(folders.of_results, folder),
        "cache": folders.of_cache,
        "Slurm": cluster.slurm,
    }


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=".")
@click.pass_context
def doctor(context: click.Context, folder: Path) -> None:
    """What separation needs on this machine: whether it is there, works, and what to do if not.

    FOLDER is where results shall be written (default: the present folder). A note tells what StemSteer can do without.
    A problem has to be mended: if there is one, the command ends with status 1.

    \b
    Examples:
      stemsteer doctor
      stemsteer doctor /scratch/me
    """
    marks: Counter[Mark] = Counter()
    for name, check in checks(folder).items():
        finding = examined(check)
        marks[finding.mark] += 1
        say(_as_text(name, finding, width()))
    say("\n" + ", ".join(_counted(marks[mark], mark.value) for mark in (Mark.PROBLEM, Mark.NOTE)))
    if marks[Mark.PROBLEM]:
        context.exit(1)


def _as_text(name: str, finding: Finding, width: int) -> str:
    """A row of the table; below it, what to do. Commands stand on lines of their own, to be copied."""
    mark, subject = COLUMNS
    indent = " " * (mark + subject)
    wrap = partial(textwrap.wrap, width=max(width - len(indent), NARROWEST), break_on_hyphens=False)
    first = f"{finding.mark.value:<{mark}}{name:<{subject}}"
    advice = wrap(finding.advice, initial_indent="-> ", subsequent_indent="   ")
    lines = [*wrap(finding.found, break_long_words=False), *advice]
    commands = [f"{indent}   {command}" for command in finding.commands]
    return "\n".join([first + lines[0], *(indent + line for line in lines[1:]), *commands])


def _counted(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"
