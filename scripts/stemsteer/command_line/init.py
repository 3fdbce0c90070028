"""The command `stemsteer init`."""

import shlex
from pathlib import Path

import click

from stemsteer.command_line.separation_folder import CONFIG, SeparationFolder
from stemsteer.command_line.terminal import say
from stemsteer.command_line.wanted import Wanted
from stemsteer.errors import UserError
from stemsteer.settings.tracks import Track


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def init(folder: Path) -> None:
    """Make FOLDER with a config and a table to start from, for a corpus or a benchmark.

    \b
    FOLDER/config.yaml    what to extract, and how
    FOLDER/tracks.tsv     a row for each track: fill it in, or set `tracks` in the config to
                          a folder of music. More columns: reference_<source>, a known stem
    FOLDER/Snakefile      for `snakemake`; rules of your own can stand in it
    FOLDER/slurm/         the profile for a cluster: set your partition and account at its top

    \b
    Examples:
      stemsteer init my-corpus
      cd my-corpus && stemsteer run -n       what there is to do
      stemsteer run                          or: snakemake
      stemsteer run --profile slurm          or: snakemake --profile slurm
    """
    if (folder / CONFIG).exists():
        raise UserError(f"{str(folder / CONFIG)!r} is there already; choose another folder, or edit that file")
    example = Track("My song", "music/song.mp3", Wanted().wanted_sources)
    SeparationFolder(folder).write(Wanted().settings(), [example])
    say(f"{folder}: fill in tracks.tsv, look at config.yaml, then `cd {shlex.quote(str(folder))} && stemsteer run`")
