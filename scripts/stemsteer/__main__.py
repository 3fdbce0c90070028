"""The command line beside the workflow: `python -m stemsteer`."""

import argparse
import logging
import os
import shutil
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from stemsteer.command_line.catalogue import model_rows, models_text, tag_rows, tags_text, tsv, vocabulary_names
from stemsteer.datasets import DATASETS
from stemsteer.errors import DISK_FULL, UserError
from stemsteer.models.weights import fetch
from stemsteer.names import did_you_mean
from stemsteer.settings.schema import schema_text

ABOUT = "What StemSteer can be asked for, and the pretrained models. Music is separated by `snakemake`; see the README."

TAGS = """\
Sources, tags, pretrained models and ready-made runs.

A source of the config (`sources: [vocals, piano]`) stands for one or more tags of a tagger. Any tag can be asked for as
well, by its name or, where a source has the same name, as `tag:piano`. A tagger can steer only to what its vocabulary
names: mtat (MagnaTagATune), msd (Million Song Dataset) or jamendo (MTG-Jamendo).
"""

TAGS_EXAMPLES = """\
examples:
  python -m stemsteer tags                      everything
  python -m stemsteer tags piano                the sources, tags, models and runs with piano in their name
  python -m stemsteer tags --vocabulary mtat    what the taggers trained on MagnaTagATune know
  python -m stemsteer tags --tsv > tags.tsv     for pandas.read_csv("tags.tsv", sep="\\t"): columns vocabulary, index,
                                                tag and sources
"""

MODELS = """\
The pretrained models, and where their weights lie on this machine.

Weights are looked for in the folders of the environment variable STEMSTEER_MODELS and in the cache (~/.cache/stemsteer,
or in $XDG_CACHE_HOME), and verified before every use. The folder `models` of a config is for its workflow only: name it
in STEMSTEER_MODELS to have it listed here. Jobs never download weights: `snakemake models` fetches those that the runs
of a config need, `fetch` any others.
"""

MODELS_EXAMPLES = """\
examples:
  python -m stemsteer models                    all models: here, missing, or altered
  python -m stemsteer models --tsv              the same as a table, with licences, citations and addresses
  python -m stemsteer models fetch fcn-mtat     download two megabytes; if interrupted, go on when asked again
"""

SCHEMA = """\
The JSON schema of config.yaml, made of the same classes that check it. It is kept in config.schema.json, so that
editors with a YAML language server complete and check a config.
"""

TRACKS = """\
A table of the tracks of a data set of music with known sources, to separate them and to score the stems.

The sources that StemSteer has a name for (`python -m stemsteer tags`) become references; `other` is none of them. Audio
files are used where they lie. What is no file of its own is written: the streams of MUSDB18's stem.mp4, the stems of
Slakh2100 and MoisesDB that make up one source, a mixture where there is none. What was made of the same files before is
kept, so that the command goes on where it was interrupted. A track that is broken is left out and told; others go on.

  musdb18     {train,test}/<song>.stem.mp4          drums, bass, vocals; the mixture is the file's own
  musdb18-hq  {train,test}/<song>/<source>.wav      drums, bass, vocals
  slakh       {train,validation,test}/Track00001/   piano, guitar, bass, strings, drums, by General MIDI program
  moisesdb    <id>/data.json                        vocals, bass, drums, guitar, piano, strings
  folder      <track>/<source>.wav                  of any sources; wav or anything else that ffmpeg reads
"""

TRACKS_EXAMPLES = """\
examples:
  python -m stemsteer tracks slakh /data/slakh2100_flac_redux --split test
  python -m stemsteer tracks musdb18 ~/musdb18 --split test --sources vocals,drums --output musdb18-test.tsv
  python -m stemsteer tracks folder my-multitracks --made /scratch/my-mixtures

Then `snakemake --config tracks=musdb18-test.tsv` separates them.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    options = _parser().parse_args(arguments)
    try:
        _say(options.command(options))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        if error.errno not in DISK_FULL:
            raise
        print(f"error: {error}; make room on the disk and run again", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130  # as shells count it
    return 0


def _tags(options: argparse.Namespace) -> str:
    vocabularies = options.vocabulary or vocabulary_names()
    if options.tsv and (rows := tag_rows(vocabularies, options.text)):
        return tsv(rows)
    if not options.tsv and (text := tags_text(vocabularies, options.text, _columns())):
        return text
    hint = did_you_mean(options.text, (row["tag"] for row in tag_rows(vocabularies)))
    raise UserError(f"nothing has {options.text!r} in its name{hint}; `python -m stemsteer tags` lists everything")


def _models(options: argparse.Namespace) -> str:
    return tsv(model_rows(vocabulary_names())) if options.tsv else models_text(_columns())


def _schema(options: argparse.Namespace) -> str:
    return schema_text()


def _fetch(options: argparse.Namespace) -> str:
    return "\n".join(f"{name}: {fetch(name)}" for name in options.names)


def _tracks(options: argparse.Namespace) -> str:
    from stemsteer.datasets.tables import collect, write_table  # slow to import, as NumPy is

    own = Path("results/datasets") / options.kind
    output = Path(options.output or own / "tracks.tsv")
    wanted = options.sources and [source.strip() for source in options.sources.split(",")]
    folder, made = Path(options.folder).expanduser(), Path(options.made or own)
    tracks, faults = collect(options.kind, folder, options.split, wanted, made)
    for fault in faults:
        print(f"error: {fault}", file=sys.stderr)
    if not tracks:
        raise UserError(f"no track of {options.folder!r} can be used; no table is written")
    write_table(output, tracks)
    counted = Counter(source for track in tracks for source in track.references)
    references = ", ".join(f"{source} in {count}" for source, count in counted.most_common())
    summary = f"{output}: {references}, of {len(tracks)} in all"
    if faults:
        _say(summary)
        raise UserError(f"{len(faults)} of {len(tracks) + len(faults)} tracks are broken and not in {str(output)!r}")
    return summary


def _columns() -> int:
    """Of the terminal, or enough where there is none."""
    return shutil.get_terminal_size((120, 24)).columns


def _say(text: str) -> None:
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # Whoever reads has had enough, as `head` has; nothing is to be told of it at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m stemsteer", description=ABOUT)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    raw = argparse.RawDescriptionHelpFormatter

    tags = commands.add_parser(
        "tags",
        help="list the sources and tags to ask for, the models and the ready-made runs",
        description=TAGS,
        epilog=TAGS_EXAMPLES,
        formatter_class=raw,
    )
    tags.add_argument("text", nargs="?", default="", metavar="TEXT", help="only what has this in its name")
    tags.add_argument(
        "--vocabulary", action="append", choices=vocabulary_names(), help="only this one; may be given several times"
    )
    tags.add_argument("--tsv", action="store_true", help="the tags as a table, separated by tabs")
    tags.set_defaults(command=_tags)

    models = commands.add_parser(
        "models",
        help="list the pretrained models, or fetch some",
        description=MODELS,
        epilog=MODELS_EXAMPLES,
        formatter_class=raw,
    )
    models.add_argument("--tsv", action="store_true", help="as a table, separated by tabs")
    models.set_defaults(command=_models)
    fetching = models.add_subparsers(title="commands", metavar="[fetch]").add_parser(
        "fetch", help="download models and verify them"
    )
    fetching.add_argument("names", nargs="+", metavar="NAME", help="of a model")
    fetching.set_defaults(command=_fetch)

    commands.add_parser("schema", help="print the JSON schema of config.yaml", description=SCHEMA).set_defaults(
        command=_schema
    )

    tracks = commands.add_parser(
        "tracks",
        help="make a table of tracks with references from MUSDB18, Slakh2100, MoisesDB or folders of stems",
        description=TRACKS,
        epilog=TRACKS_EXAMPLES,
        formatter_class=raw,
    )
    tracks.add_argument("kind", choices=list(DATASETS), metavar="KIND", help=f"one of {', '.join(DATASETS)}")
    tracks.add_argument("folder", metavar="FOLDER", help="where the data set lies")
    tracks.add_argument("--split", help="only this part of the data set, such as test")
    tracks.add_argument("--sources", help="only these, separated by commas (default: all that a track has)")
    tracks.add_argument("--output", metavar="TABLE", help="the table (default: results/datasets/KIND/tracks.tsv)")
    tracks.add_argument("--made", metavar="FOLDER", help="for files that are written (default: results/datasets/KIND)")
    tracks.set_defaults(command=_tracks)
    return parser


if __name__ == "__main__":
    sys.exit(main())
