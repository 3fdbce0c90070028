"""Run the workflow of a folder, and tell what it has come to."""

from collections.abc import Sequence
from contextlib import chdir
from pathlib import Path

from stemsteer.command_line.workflow.engine import run_in_text, run_live
from stemsteer.command_line.workflow.outcome import report_outcome

TELLING = {"-n", "--dry-run", "--dryrun", "plan"}
"""Options and targets that do nothing but print."""


def run_in(folder: Path, arguments: Sequence[str], verbose: bool) -> int:
    """Run the workflow of a folder with arguments for Snakemake; returns the exit status.

    Raises:
        UserError: the config or the tables have a mistake.
    """
    here = Path.cwd()
    with chdir(folder):
        if verbose or TELLING.intersection(arguments):
            return run_in_text(arguments).status
        ended = run_live(arguments)
        report_outcome(ended, here)
    return ended.status
