"""The command `stemsteer report`."""

import webbrowser
from contextlib import chdir
from pathlib import Path

import click

from stemsteer.command_line.terminal import say
from stemsteer.errors import UserError

PLAN = Path("results/plan.json")
PAGE = Path("results/report/index.html")


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=".")
@click.option("--open/--no-open", "opened", default=False, help="Open the page in a browser.  [default: no]")
def report(folder: Path, opened: bool) -> None:
    """Write the listening page of FOLDER anew, over whatever has been made there so far.

    The page is results/report/index.html in FOLDER (default: the present folder), the folder of a separation. What is
    missing is listed on it, with the reason. A separation writes the page itself when it ends, after a failure too.
    This command is for one that still runs or was stopped.

    \b
    Examples:
      stemsteer report
      stemsteer report my-separation --open
    """
    if not (folder / PLAN).is_file():
        raise UserError(
            f"there is no {str(folder / PLAN)!r}, so nothing has been separated there: give the folder in which you "
            "ran StemSteer, or separate first"
        )
    from stemsteer.report import write_report  # slow to import, as NumPy is

    with chdir(folder):  # the plan's paths are relative to it
        write_report(PLAN, PAGE)
    say(str(folder / PAGE))
    if opened and not webbrowser.open((folder / PAGE).resolve().as_uri()):
        raise UserError(f"no browser is found on this machine; open {str(folder / PAGE)!r} in one")
