"""Run Snakemake in this process, through its API, and show it."""

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from stemsteer.command_line.workflow.live import shown
from stemsteer.command_line.workflow.redirected import output_to
from stemsteer.command_line.workflow.state import RunningJob
from stemsteer.errors import UserError
from stemsteer.places import SNAKEFILE

OUTPUT = Path("logs/stemsteer.log")
"""What Snakemake and the jobs write to the terminal."""

INTERRUPTED = 130
"""The exit status after Ctrl-C, as shells count it."""


@dataclass
class Ended:
    """How a workflow ended.

    Attributes:
        well: whether all of it was done.
        interrupted: whether the user stopped it.
        failed: the jobs that failed.
        messages: what Snakemake says of the workflow as a whole.
    """

    well: bool
    interrupted: bool = False
    failed: list[RunningJob] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)

    @property
    def status(self) -> int:
        """The exit status of the command."""
        return INTERRUPTED if self.interrupted else int(not self.well)


def run_live(arguments: Sequence[str]) -> Ended:
    """Run the workflow of the working directory, with a live view in the place of Snakemake's text.

    Args:
        arguments: for Snakemake.

    Raises:
        UserError: the config or the tables have a mistake.
    """
    from stemsteer.command_line.workflow.listener import PLUGIN, listen  # slow to import, as Snakemake is

    with output_to(OUTPUT) as terminal, interruptions() as interrupted:
        state = listen()
        with shown(state, terminal):
            well = _snakemake([*arguments, "--logger", PLUGIN], interrupted)
    return Ended(well, bool(interrupted), list(state.failed.values()), state.messages)


def run_in_text(arguments: Sequence[str]) -> Ended:
    """Run the workflow of the working directory with Snakemake's own text.

    Raises:
        UserError: the config or the tables have a mistake.
    """
    with interruptions() as interrupted:
        well = _snakemake(arguments, interrupted)
    return Ended(well, bool(interrupted))


def snakefile() -> Path:
    """That of the working directory, else the one that ships."""
    own = Path("Snakefile")
    return own.resolve() if own.is_file() else SNAKEFILE


def _snakemake(arguments: Sequence[str], interrupted: list[int]) -> bool:
    from snakemake.cli import args_to_api, parse_args

    try:
        parser, parsed = parse_args(["--snakefile", str(snakefile()), *arguments])
        return bool(args_to_api(parsed, parser))
    except SystemExit as ended:
        # The workflow ends so when the config has a mistake.
        if isinstance(ended.code, str):
            raise UserError(ended.code.removeprefix("error: ")) from None
        return ended.code in (None, 0)
    except KeyboardInterrupt:
        interrupted.append(signal.SIGINT)
        return False


@contextmanager
def interruptions() -> Iterator[list[int]]:
    """The signals by which the user stops the workflow in the block: Snakemake tells nobody of them."""
    caught: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        caught.append(number)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, note)
    try:
        yield caught
    finally:
        signal.signal(signal.SIGINT, before)
