"""Run the workflow of a folder, and tell what it has come to."""

from collections.abc import Sequence
from contextlib import chdir
from pathlib import Path

from stemsteer.command_line.workflow.engine import run_in_text, run_live, understood
from stemsteer.command_line.workflow.outcome import report_outcome


def run_in(folder: Path, arguments: Sequence[str], verbose: bool) -> int:
    """Run the workflow of a folder with arguments for Snakemake; returns the exit status.

    Raises:
        UserError: the config or the tables have a mistake, or another run is at work there.
        click.UsageError: Snakemake does not understand the arguments.
    """
    here = Path.cwd()
    with chdir(folder):
        call = understood(arguments)
        if verbose or call.only_tells:
            return run_in_text(call).status
        ended = run_live(call)
        report_outcome(ended, here)
    return ended.status
