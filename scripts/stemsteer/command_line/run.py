"""The command `stemsteer run`."""

from contextlib import chdir
from pathlib import Path

import click

from stemsteer.errors import UserError


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": True})
@click.option(
    "-d",
    "--directory",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=".",
    help="The folder of the separation.  [default: the present one]",
)
@click.option("-v", "--verbose", is_flag=True, help="Show Snakemake's own text in the place of the live view.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[SNAKEMAKE OPTIONS AND TARGETS]...")
@click.pass_context
def run(context: click.Context, directory: Path, verbose: bool, arguments: tuple[str, ...]) -> None:
    """Run the workflow of a folder with a live view, or go on with one that was stopped.

    It is Snakemake that runs, and everything that `snakemake` takes can be given here. The folder is one that
    `stemsteer separate` or `stemsteer init` made, or a checkout of StemSteer. There `snakemake` does the same.

    \b
    Examples:
      stemsteer run                                  what config.yaml of this folder asks for
      stemsteer run --profile slurm                  on a cluster
      stemsteer run --cores 4 stems                  the stems only, on four cores
      stemsteer run --configfile mine.yaml           another config

    Exit status: 0, all is done; 1, something failed; 2, wrong usage; 130, stopped by Ctrl-C.
    """
    from stemsteer.command_line.workflow.engine import run_in_text, run_live
    from stemsteer.command_line.workflow.outcome import report_outcome

    with chdir(directory):
        if not Path("Snakefile").is_file():
            raise UserError(
                f"there is no Snakefile in {str(Path.cwd())!r}; make such a folder with `stemsteer init`, "
                "or separate songs with `stemsteer separate`"
            )
        if verbose or not {"-n", "--dry-run", "--dryrun", "plan"}.isdisjoint(arguments):
            ended = run_in_text(arguments)
        else:
            ended = run_live(arguments)
            report_outcome(ended)
    context.exit(ended.status)
