"""The figures of whole_song.py for people: tables in Markdown."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd
from chunk_parts import Work
from machine import in_words
from separators import DEFAULT_RUN, PEERS, Task

COLUMNS = ["separator", "repeat", "wall_s", "cpu_s", "peak_bytes", "jobs"]
COMPARED_WITH = PEERS["demucs"]
GIGA = 1e9


@dataclass(frozen=True)
class Figures:
    """All that was measured.

    Attributes:
        task: what was asked for.
        machine: facts about it.
        table: a row for each process, with the columns `COLUMNS`.
        shares: where the wall clock of the default run goes, s; empty where Snakemake did not write it.
        work: what the default run computes.
    """

    task: Task
    machine: dict[str, str]
    table: pd.DataFrame
    shares: dict[str, float]
    work: Work


def report(figures: Figures) -> str:
    """All figures."""
    task = figures.task
    excerpt = f"{task.excerpt.seconds:g} s of {task.excerpt.song.name}, {', '.join(task.sources)}"
    tables = [separators_table(figures.table, task.excerpt.seconds)]
    if figures.shares:
        tables.append(shares_table(figures.shares))
    tables += [profile_table(figures.work, task.excerpt.seconds), floor_table(figures)]
    return "\n\n".join([f"{excerpt}; {in_words(figures.machine)}", *tables])


def separators_table(table: pd.DataFrame, seconds: float) -> str:
    """A line for each separator, the medians over the repeats."""
    ratio = ratios(table)
    medians = table.drop(columns="repeat").groupby("separator", sort=False).median()
    rows = [
        [
            str(name),
            f"{row.wall_s:.1f}",
            f"{ratio[str(name)]:.2f}" if str(name) in ratio else "–",
            f"{seconds / row.wall_s:.2f}",
            f"{row.cpu_s:.1f}",
            f"{row.peak_bytes / GIGA:.2f}",
            f"{row.jobs:.0f}",
        ]
        for name, row in medians.iterrows()
    ]
    ours = f"x {COMPARED_WITH}"
    return markdown(["separator", "wall clock, s", ours, "s of audio / s", "CPU, s", "peak memory, GB", "jobs"], rows)


def ratios(table: pd.DataFrame) -> dict[str, float]:
    """By separator, the median of the ratios of its wall clock to htdemucs' in the same repeat; none without that."""
    wall = table.pivot(index="repeat", columns="separator", values="wall_s")
    if COMPARED_WITH not in wall:
        return {}
    return {str(name): float(ratio) for name, ratio in wall.div(wall[COMPARED_WITH], axis=0).median().items()}


def shares_table(shares: dict[str, float]) -> str:
    """Where the wall clock of the default run goes."""
    wall = sum(shares.values())
    rows = [[name, f"{seconds:.2f}", f"{seconds / wall:.1%}"] for name, seconds in shares.items()]
    return markdown([f"wall clock of {DEFAULT_RUN}", "s", "share"], rows)


def profile_table(work: Work, seconds: float) -> str:
    """Seconds of one core for each second of the song, chunk by chunk; neighbouring chunks overlap."""
    a_second = {part: taken * work.chunks / seconds for part, taken in work.seconds.items()}
    whole = sum(a_second.values())
    rows = [[part, f"{taken:.4f}", f"{taken / whole:.1%}"] for part, taken in [*a_second.items(), ("all", whole)]]
    return markdown([f"computation of {DEFAULT_RUN}", "s of one core / s of audio", "share"], rows)


def floor_table(figures: Figures) -> str:
    """What the taggers must cost, at the rates of large products, and how many times as long the default run takes."""
    work, cores = figures.work, figures.task.cores
    wall = figures.table.loc[figures.table["separator"] == DEFAULT_RUN, "wall_s"].median()
    rows = [
        [f"as a large {product}", f"{work.rates[product] / GIGA:.1f}", f"{floor:.1f}", f"{wall / floor:.2f}"]
        for product, floor in work.floors(cores).items()
    ]
    of_taggers = f"{work.chunks * work.operations / GIGA:.0f} GFLOP of taggers"
    return markdown([of_taggers, "GFLOP/s of a core", f"s on {cores} cores", f"x, {DEFAULT_RUN}"], rows)


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose first column is text, and all others figures."""
    rule = ["---", *("---:" for _ in head[1:])]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))
