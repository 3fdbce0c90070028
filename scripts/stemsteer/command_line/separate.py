"""The command `stemsteer separate`."""

import os
import tempfile
from contextlib import chdir
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from stemsteer.command_line.separation_folder import SeparationFolder
from stemsteer.command_line.terminal import say
from stemsteer.command_line.wanted import Wanted
from stemsteer.command_line.workflow.running import run_in
from stemsteer.jobs.forecast import forecast
from stemsteer.settings.config import load_config
from stemsteer.settings.plan import Plan, plan_for
from stemsteer.settings.presets import presets
from stemsteer.settings.tracks import Track


def _presets(context: click.Context, option: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in presets() if name.startswith(incomplete)]


@click.command()
@click.argument("music", nargs=-1, required=True, metavar="SONGS...")
@click.option(
    "-o",
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default="separated",
    show_default=True,
    help="The folder of this separation, to which more songs can be added.",
)
@click.option(
    "-s",
    "--sources",
    help="What to extract, separated by commas; `stemsteer tags` lists what there is.  "
    "[default: vocals,drums,bass,guitar,piano,strings; of these, what the taggers of a preset know]",
)
@click.option("--two-stems", metavar="SOURCE", help="Only this source, and all the rest as no_SOURCE.")
@click.option(
    "--preset",
    "--run",
    "preset",
    shell_complete=_presets,
    help="A ready-made run in the place of the default one; `stemsteer tags` lists them.",
)
@click.option("--start", type=click.FloatRange(0), default=0.0, help="Begin so many seconds after the beginning.")
@click.option("--seconds", type=click.FloatRange(0, min_open=True), help="Take so many seconds.  [default: all]")
@click.option("--device", default="auto", show_default=True, help="auto (a GPU if there is one), cpu, cuda or mps.")
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(1),
    help="Cores to use, or jobs at the same time on a cluster.  [default: all cores; as the profile says]",
)
@click.option(
    "--format",
    "container",
    type=click.Choice(["wav", "flac", "mp3"]),
    default="wav",
    show_default=True,
    help="Of the stems. mp3 changes them a little, so that they do not sum to the mixture exactly.",
)
@click.option("--int16", "encoding", flag_value="int16", help="Samples of 16 bits, in wav or flac.")
@click.option("--int24", "encoding", flag_value="int24", help="Samples of 24 bits.  [default for flac]")
@click.option("--float32", "encoding", flag_value="float32", help="Samples that never clip.  [default for wav]")
@click.option(
    "--clip-mode",
    "clip",
    type=click.Choice(["none", "clamp", "rescale"]),
    default="none",
    show_default=True,
    help="For samples beyond full scale: clamp cuts them off, rescale turns down all stems of a song. Either "
    "way, the stems no longer sum to the mixture.",
)
@click.option(
    "--filename",
    default="{track}/{source}.{ext}",
    show_default=True,
    help="Of each stem, below OUT/stems; {run} stands for the ready-made run.",
)
@click.option("--profile", help="A profile of Snakemake's: slurm, for a cluster.")
@click.option("-n", "--dry-run", is_flag=True, help="Only tell what there is to do and how long it may take.")
@click.option("-v", "--verbose", is_flag=True, help="Show Snakemake's own text in the place of the live view.")
def separate(
    music: tuple[str, ...],
    out: Path,
    sources: str | None,
    jobs: int | None,
    profile: str | None,
    dry_run: bool,
    verbose: bool,
    **options: Any,
) -> None:
    """Separate songs into stems.

    SONGS are files of any kind that ffmpeg reads, folders with their subfolders, or patterns. Writes
    OUT/stems/SONG/SOURCE.wav for each source, and rest.wav: stems and rest sum to the song, with its sample rate,
    channels and length. A report to listen to is OUT/results/report/index.html.

    OUT is a folder of Snakemake's: config.yaml and tracks.tsv in it say what was asked for, and `stemsteer run` or
    `snakemake` goes on with it. More songs can be added to it at any time. With other settings it is refused: nothing
    that is there is ever replaced.

    \b
    Examples:
      stemsteer separate song.mp3
      stemsteer separate ~/Music/album --sources vocals,drums --format flac
      stemsteer separate song.mp3 --two-stems vocals --start 30 --seconds 20
      stemsteer separate "corpus/**/*.flac" --out stems-of-corpus --profile slurm

    Exit status: 0, all is done; 1, something failed, and the others are done; 2, wrong usage; 130, stopped by Ctrl-C.
    """
    wanted = Wanted(sources=None if sources is None else names_in(sources), **options)
    # A shell leaves the ~ of --out=~/stems as it is.
    folder = SeparationFolder(Path(os.path.expanduser(out)))
    settings = wanted.settings()
    folder.refuse_other_settings(settings)
    corpus = wanted.corpus(music, still_there(folder), folder.path)
    plan = plan_for(load_config(settings), corpus.tracks, corpus.notes)
    if dry_run:
        say(f"{forecast_in(plan, folder.path)}\nstems       {folder.path / settings['export']['folder']}")
        return
    for note in plan.notes:
        say(f"note: {note}")
    plan.require_taggers()
    folder.write(settings, corpus.tracks)
    click.get_current_context().exit(run_in(folder.path, snakemake_arguments(profile, jobs), verbose))


def names_in(text: str) -> tuple[str, ...]:
    """Names that are separated by commas."""
    return tuple(filter(None, map(str.strip, text.split(","))))


def still_there(folder: SeparationFolder) -> list[Track]:
    """The tracks of a folder without those whose files are gone, which are told; their stems stay."""
    tracks = folder.tracks()
    gone = [track for track in tracks if folder.has_lost(track)]
    for track in gone:
        say(f"note: {track.mixture} is gone: {track.track} leaves the table, and its stems stay as they are")
    return [track for track in tracks if track not in gone]


def forecast_in(plan: Plan, out: Path) -> str:
    """What is left to do in a folder, in words."""
    with tempfile.TemporaryDirectory() as nothing_yet, chdir(out if out.is_dir() else nothing_yet):
        return forecast(plan)


def snakemake_arguments(profile: str | None, jobs: int | None) -> list[str]:
    """What Snakemake is given."""
    arguments = []
    if profile:
        # A path is one from here, not from the folder of the separation.
        arguments += ["--profile", str(Path(profile).absolute()) if Path(profile).exists() else profile]
    if jobs:
        arguments += ["--jobs" if profile else "--cores", str(jobs)]
    return arguments
