"""The command `stemsteer tracks`."""

from collections import Counter
from pathlib import Path

import click

from stemsteer.command_line.terminal import say
from stemsteer.datasets import DATASETS
from stemsteer.errors import UserError


@click.command()
@click.argument("kind", type=click.Choice(list(DATASETS)), metavar="KIND")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--split", help="Only this part of the data set, such as test.")
@click.option("--sources", help="Only these, separated by commas.  [default: all that a track has]")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="TABLE",
    help="The table.  [default: results/datasets/KIND/tracks.tsv]",
)
@click.option(
    "--made",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="For files that are written.  [default: results/datasets/KIND]",
)
def tracks(
    kind: str, folder: Path, split: str | None, sources: str | None, output: Path | None, made: Path | None
) -> None:
    """A table of the tracks of a data set of music with known sources, to separate them and to score the stems.

    KIND is the layout of the data set, and FOLDER where it lies:

    \b
      musdb18     {train,test}/<song>.stem.mp4         drums, bass, vocals; the mixture is its own
      musdb18-hq  {train,test}/<song>/<source>.wav     drums, bass, vocals
      slakh       {train,validation,test}/Track00001/  piano, guitar, bass, strings, drums, by
                                                       General MIDI program
      moisesdb    <id>/data.json                       vocals, bass, drums, guitar, piano, strings
      folder      <track>/<source>.wav                 of any sources; wav or anything else that
                                                       ffmpeg reads

    The sources that StemSteer has a name for (`stemsteer tags`) become references; `other` is none of them. Audio files
    are used where they lie. What is no file of its own is written: the streams of MUSDB18's stem.mp4, the stems of
    Slakh2100 and MoisesDB that make up one source, a mixture where there is none. What was made of the same files
    before is kept, so that the command goes on where it was interrupted. A track that is broken is left out and told;
    others go on.

    \b
    Examples:
      stemsteer tracks slakh /data/slakh2100_flac_redux --split test
      stemsteer tracks musdb18 ~/musdb18 --split test --sources vocals,drums --output musdb18.tsv
      stemsteer tracks folder my-multitracks --made /scratch/my-mixtures

    Then `snakemake --config tracks=musdb18.tsv` separates them.
    """
    from stemsteer.datasets.tables import collect, write_table  # slow to import, as NumPy is

    own = Path("results/datasets") / kind
    table = output or own / "tracks.tsv"
    wanted = [source.strip() for source in sources.split(",")] if sources else None
    found, faults = collect(kind, folder.expanduser(), split, wanted, made or own)
    for fault in faults:
        click.echo(f"error: {fault}", err=True)
    if not found:
        raise UserError(f"no track of {str(folder)!r} can be used; no table is written")
    write_table(table, found)
    counted = Counter(source for track in found for source in track.references)
    references = ", ".join(f"{source} in {count}" for source, count in counted.most_common())
    say(f"{table}: {references}, of {len(found)} in all")
    if faults:
        raise UserError(f"{len(faults)} of {len(found) + len(faults)} tracks are broken and not in {str(table)!r}")
