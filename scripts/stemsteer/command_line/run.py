"""The command `stemsteer run`."""

from pathlib import Path

import click

from stemsteer.command_line.workflow.running import run_in
from stemsteer.errors import UserError


class Passing(click.Command):
    """A command whose arguments go to another program, `--` and what follows it, too, which click would take away."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take the command's own options out of the arguments before `--`."""
        end = args.index("--") if "--" in args else len(args)
        left = super().parse_args(ctx, args[:end])
        ctx.params["arguments"] += tuple(args[end:])
        return left


@click.command(cls=Passing, context_settings={"ignore_unknown_options": True, "allow_interspersed_args": True})
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
    if not (directory / "Snakefile").is_file():
        raise UserError(
            f"there is no Snakefile in {str(directory.absolute())!r}; make such a folder with `stemsteer init`, "
            "or separate songs with `stemsteer separate`"
        )
    context.exit(run_in(directory, arguments, verbose))
