"""What it costs to separate a whole song, beside supervised separators, and where StemSteer's share of it goes.

    python benchmarks/engine/whole_song.py song.mp3 song.tsv

separates the first minutes of a file into the full set of sources by StemSteer's default run and its preset `mtat`, and
into four stems by the architectures of Demucs (htdemucs) and Open-Unmix (umxhq) with random weights, which cost as much
as trained ones. They take turns, each as a whole process, from a file to stems in files. What is not installed is left
out, and said so. Use an idle machine: where others take a core, the peers, whose threads wait for one another, may take
ten times as long. A warning tells where that was so.

Written is a table with a row for each process:

- wall_s and cpu_s: from its start to its end, and of all cores, its children included, s;
- peak_bytes: the most memory that all of them had at once, what they share counted for each;
- jobs: processes that Snakemake started in it; 1 for others.

Printed are the medians, and the ratio of the wall clock to htdemucs' of the same repeat (the median of ratios). Then,
for StemSteer's default run: where the wall clock goes around the computation; what each part of the computation takes,
measured in one process and with one thread on a few chunks from the middle of the song; and the floor: the time that
the operations of the taggers take at the rate of a large float32 product, of matrices and as a convolution.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from around import Jobs, import_seconds, jobs_in, planning_seconds, shares_of, started_jobs
from chunk_parts import work_of
from machine import facts
from outside import measured
from separators import DEFAULT_RUN, PEERS, Peer, StemSteer, Task, cut, separators
from setting import cores
from song_tables import COLUMNS, Figures, report

from stemsteer.devices import choose_device
from stemsteer.errors import UserError, told_on_terminal
from stemsteer.files import written_whole
from stemsteer.settings.config import load_config
from stemsteer.settings.plan import make_plan
from stemsteer.steering.settings import FULL_SET

EXAMPLES = """\
examples:
  python benchmarks/engine/whole_song.py song.mp3 song.tsv                 four minutes, all separators
  python benchmarks/engine/whole_song.py song.wav song.tsv --repeat 5      medians of five
  python benchmarks/engine/whole_song.py song.wav short.tsv --seconds 20 --peers --sources vocals drums
                                                                           a quick look at StemSteer alone
"""

SECONDS, CHUNKS = 240.0, 2
DISTURBANCE = 0.1  # share of a core that others may take


@dataclass(frozen=True)
class Ended:
    """A separator's process that has ended: its row of the table, and the jobs in it that Snakemake wrote of."""

    row: dict[str, Any]
    jobs: Jobs


def main() -> None:
    arguments = parser().parse_args()
    check(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        task = Task(
            cut(arguments.song, arguments.seconds, folder), arguments.sources, arguments.threads, arguments.device
        )
        default = StemSteer(task, DEFAULT_RUN, {})
        config = load_config(default.prepare(folder))
        make_plan(config)  # which tells at once what is wrong with the sources
        machine = facts(choose_device(task.device, 1), task.threads)
        ended = separated_in_turns(list(separators(task, arguments.peers)), arguments.repeat)
        table = pd.DataFrame([one.row for one in ended], columns=COLUMNS)
        with written_whole(arguments.table) as part:
            table.to_csv(part, sep="\t", index=False)
        shares = shares_of_default_run(default, ended)
        tell(f"a profile of {arguments.chunks} chunks")
        work = work_of(config, DEFAULT_RUN, task.excerpt.mixture, task.sources, arguments.chunks)
    print(report(Figures(task, machine, table, shares, work)))


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("song", type=Path, metavar="SONG", help="any file that ffmpeg reads")
    made.add_argument("table", type=Path, metavar="TABLE", help="the TSV file to write")
    made.add_argument(
        "--seconds", type=float, default=SECONDS, metavar="S", help=f"from the song's start (default: {SECONDS:g})"
    )
    made.add_argument("--threads", type=int, default=cores(), metavar="N", help="of the CPU (default: all cores)")
    made.add_argument("--repeat", type=int, default=1, metavar="N", help="times that each separates (default: 1)")
    made.add_argument("--device", default="cpu", metavar="NAME", help="cpu, cuda, cuda:N or mps (default: cpu)")
    made.add_argument(
        "--peers",
        nargs="*",
        choices=tuple(PEERS),
        default=list(PEERS),
        metavar="PACKAGE",
        help=f"to compare with (default: {' '.join(PEERS)}); none where nothing follows",
    )
    made.add_argument(
        "--sources",
        nargs="+",
        default=list(FULL_SET),
        metavar="NAME",
        help=f"that StemSteer separates (default: {' '.join(FULL_SET)})",
    )
    made.add_argument(
        "--chunks", type=int, default=CHUNKS, metavar="N", help=f"that the profile is of (default: {CHUNKS})"
    )
    return made


def check(arguments: argparse.Namespace) -> None:
    """That the numbers make sense.

    Raises:
        UserError: one of them does not.
    """
    if arguments.seconds <= 0:
        raise UserError(f"--seconds {arguments.seconds:g}: give more than 0")
    for name in ("threads", "repeat", "chunks"):
        if (number := getattr(arguments, name)) < 1:
            raise UserError(f"--{name} {number}: give at least 1")


def separated_in_turns(chosen: Sequence[StemSteer | Peer], repeats: int) -> list[Ended]:
    """Let all separators do their work, so many times.

    Raises:
        UserError: one of them failed.
    """
    ended = []
    for repeat in range(1, repeats + 1):
        for separator in chosen:
            tell(f"repeat {repeat} of {repeats}: {separator.name}")
            ended.append(separated(separator, repeat))
    return ended


def separated(separator: StemSteer | Peer, repeat: int) -> Ended:
    """Let a separator do its work in a new folder."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        separator.prepare(folder)
        cost = measured(separator.name, separator.command(folder), folder)
        if cost.others > DISTURBANCE * cost.wall:
            tell(f"warning: other processes took {cost.others:.1f} s of CPU from {separator.name}; use an idle machine")
        jobs = started_jobs(cost.output) if isinstance(separator, StemSteer) else 1
        figures = [separator.name, repeat, cost.wall, cost.cpu, cost.peak, jobs]
        return Ended(dict(zip(COLUMNS, figures, strict=True)), jobs_in(folder))


def shares_of_default_run(default: StemSteer, ended: Sequence[Ended]) -> dict[str, float]:
    """Where the wall clock of the default run goes, s: medians over the repeats; empty where it is not known."""
    runs = [one for one in ended if one.row["separator"] == default.name and one.jobs]
    if not runs:
        return {}
    tell("planning and imports alone")
    planning = planning_seconds(default)
    imports = {rule: import_seconds(rule) for rule in dict.fromkeys(rule for one in runs for rule, _ in one.jobs)}
    rows = [shares_of(one.row["wall_s"], one.jobs, planning, imports) for one in runs]
    return {str(name): float(share) for name, share in pd.DataFrame(rows).median().items()}


def tell(message: str) -> None:
    """What is going on."""
    print(message, file=sys.stderr, flush=True)


if __name__ == "__main__":
    with told_on_terminal():
        main()
