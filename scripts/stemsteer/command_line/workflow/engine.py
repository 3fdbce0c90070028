"""Run Snakemake in this process, through its API, and show it."""

import io
import shlex
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import click

from stemsteer.command_line.workflow.arguments import as_typed, check_config_files
from stemsteer.command_line.workflow.live import shown
from stemsteer.command_line.workflow.redirected import output_to
from stemsteer.command_line.workflow.state import RunningJob, State
from stemsteer.errors import UserError
from stemsteer.places import SNAKEFILE

OUTPUT = Path("logs/stemsteer.log")
"""What Snakemake and the jobs write to the terminal."""

INTERRUPTED = 130
"""The exit status after Ctrl-C, as shells count it."""

TELLING = (
    *("dryrun", "lint", "list_rules", "list_target_rules", "print_compilation", "dag", "rulegraph", "filegraph"),
    *("d3dag", "summary", "detailed_summary", "list_changes", "list_input_changes", "list_params_changes"),
    *("list_untracked", "list_conda_envs", "report", "archive", "containerize", "generate_unit_tests", "unlock"),
    *("cleanup_metadata", "cleanup_shadow", "conda_cleanup_envs", "delete_all_output", "delete_temp_output", "touch"),
)
"""Options of Snakemake's, by their names in its code, that run no jobs: what they print is what the user wants."""

LOCKED = (
    "another run is at work in {folder!r}: wait until it has ended; if there is none, as after a crash of the machine, "
    "`stemsteer run --directory {quoted} --unlock` takes its lock away"
)


@dataclass(frozen=True)
class Call:
    """Arguments for Snakemake, as it understands them.

    Attributes:
        parser: Snakemake's own.
        options: the arguments by the names that they have in Snakemake's code.
        said: what it says of them.
    """

    parser: Any
    options: Any
    said: str

    @property
    def only_tells(self) -> bool:
        """Whether no jobs are to run, but those that print."""
        return "plan" in self.options.targets or any(getattr(self.options, name) for name in TELLING)


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


def understood(arguments: Sequence[str]) -> Call:
    """Let Snakemake read arguments.

    Raises:
        UserError: they do not mean what they look like.
        click.UsageError: it does not understand them.
    """
    from snakemake.cli import parse_args  # slow to import
    from snakemake.exceptions import CliException

    said = io.StringIO()
    try:
        with redirect_stderr(said):
            parser, options = parse_args(["--snakefile", str(snakefile()), *arguments])
        check_config_files(options.configfile)
        options.config = list(map(as_typed, options.config or []))
        return Call(parser, options, said.getvalue())
    except SystemExit as ended:
        if not ended.code:  # it has printed its version
            raise
        sentence = said.getvalue().strip().rpartition("\n")[2]
    except (CliException, ValueError) as error:
        sentence = str(error)
    raise click.UsageError(f"Snakemake does not take these arguments: {sentence.rpartition('rror: ')[2]}")


def snakefile() -> Path:
    """That of the working directory, else the one that ships."""
    own = Path("Snakefile")
    return own.resolve() if own.is_file() else SNAKEFILE


def run_live(call: Call) -> Ended:
    """Run the workflow of the working directory, with a live view in the place of Snakemake's text.

    Raises:
        UserError: the config or the tables have a mistake, or another run is at work there.
    """
    from stemsteer.command_line.workflow.listener import PLUGIN, listen

    with output_to(OUTPUT) as terminal:
        state = listen()
        call.options.logger = [PLUGIN]
        with interruptions(state), shown(state, terminal):
            well = _snakemake(call)
    if state.locked:
        folder = Path.cwd()
        raise UserError(LOCKED.format(folder=str(folder), quoted=shlex.quote(str(folder))))
    return Ended(well, state.interrupted, list(state.failed.values()), state.messages)


def run_in_text(call: Call) -> Ended:
    """Run the workflow of the working directory with Snakemake's own text.

    Raises:
        UserError: the config or the tables have a mistake.
    """
    from snakemake.logging import logger

    sys.stderr.write(call.said)
    logger.propagate = False  # or the program would show its text a second time
    state = State()
    with interruptions(state):
        well = _snakemake(call)
    return Ended(well, state.interrupted)


def _snakemake(call: Call) -> bool:
    from snakemake.cli import args_to_api

    try:
        return bool(args_to_api(call.options, call.parser))
    except SystemExit as ended:
        # The workflow ends so when the config has a mistake.
        if isinstance(ended.code, str):
            raise UserError(ended.code.removeprefix("error: ")) from None
        return ended.code in (None, 0)
    except KeyboardInterrupt:
        return False


@contextmanager
def interruptions(state: State) -> Iterator[None]:
    """Note in the block that the user stops the workflow: Snakemake tells nobody of it.

    Jobs hear of each Ctrl-C, Snakemake of the first one only: others would stop it while it cleans up.
    """

    def note(number: int, frame: FrameType | None) -> None:
        if not state.interrupted:
            state.interrupted = True
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        # What follows an interruption is soon over.
        signal.signal(signal.SIGINT, signal.SIG_IGN if state.interrupted else before)
