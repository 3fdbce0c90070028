"""What a workflow has come to, for the terminal: where each stem lies, what is wrong, and what to do next."""

import math
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from stemsteer.command_line.terminal import layout, say, width
from stemsteer.command_line.workflow.engine import OUTPUT, Ended
from stemsteer.command_line.workflow.files import Listed, doubtful_references, files_for_people
from stemsteer.command_line.workflow.slugs import PLAN
from stemsteer.command_line.workflow.state import RunningJob
from stemsteer.exports.signals import level_of
from stemsteer.jobs.slurm_hints import hint
from stemsteer.report.written_plan import WrittenPlan
from stemsteer.sound.audio import blocks

PAGE = Path("results/report/index.html")
SHOWN = 24
"""Stems, failures or warnings that are listed: a screen."""
LINES = 8
"""Of a message of Snakemake's: some are pages long."""


def report_outcome(ended: Ended, seen_from: Path) -> None:
    """Print what a workflow in the working directory has come to; paths are those from a folder."""
    if ended.interrupted:
        say("Stopped. What is done is kept, and the same command goes on from there.")
        return
    if PLAN.exists() and (ended.well or ended.failed):
        plan = WrittenPlan.read(PLAN)
        _say_stems(plan, seen_from)
        for note in plan.notes:
            say(f"note: {note}")
        if PAGE.exists():
            say(f"\nThe report to listen to: {_seen(PAGE, seen_from)}")
    elif ended.well:
        say("Done.")
    for line in _complaints(ended, seen_from):
        click.echo(line, err=True)


def _say_stems(plan: WrittenPlan, seen_from: Path) -> None:
    """Print a table of the stems, the sources that were not heard, and the references that are doubtful."""
    files = list(files_for_people(plan))
    if files:
        rows = [_row(file, plan, seen_from) for file in files[:SHOWN]]
        hidden = {"run"} if len(plan.runs) == 1 else set()
        hidden |= {column for column in rows[0] if not any(row[column] for row in rows)}
        say(layout([{name: cell for name, cell in row.items() if name not in hidden} for row in rows], None, width()))
        _say_more(len(files), "")
    warnings = [f"{file.track}: {file.warning}" for file in files if file.warning] + list(doubtful_references(plan))
    for warning in warnings[:SHOWN]:
        say(f"warning: {warning}")
    _say_more(len(warnings), " warnings; the report has all of them")


def _say_more(number: int, what: str) -> None:
    if number > SHOWN:
        say(f"and {number - SHOWN} more{what}")


def _row(file: Listed, plan: WrittenPlan, seen_from: Path) -> dict[str, str]:
    """The line of a file in the table."""
    gained = file.improvement_in(plan.layout)
    return {
        "track": file.track,
        "run": file.run,
        "source": file.source,
        "level": _decibels(file.path),
        "heard": "" if file.presence is None else "no" if file.warning else "yes",
        "improvement": "" if gained is None else f"{gained:+.1f} dB",
        "file": _seen(file.path, seen_from),
    }


def _decibels(path: Path) -> str:
    """The root mean square of a file, in dB below full scale."""
    rms = level_of(blocks(path)).rms
    return f"{20 * math.log10(rms):.1f} dB" if rms else "silent"


def _seen(path: Path, folder: Path) -> str:
    """A path as it is shortest: from a folder, or from the root."""
    return min(os.path.relpath(path, folder), str(path.absolute()), key=len)


def _complaints(ended: Ended, seen_from: Path) -> Iterator[str]:
    """What went wrong, last things last."""
    if ended.well:
        return
    failed = blamed(ended.failed)
    for job in failed[:SHOWN]:
        names = job.names()
        where = ", ".join(filter(None, (names.get("track"), names.get("source"))))
        sentence = job.error() or f"its log says more: {job.log}" if job.log else "it left no log"
        yield f"{job.stage} failed{f' for {where}' if where else ''}: {sentence}"
    if len(failed) > SHOWN:
        yield f"and {len(failed) - SHOWN} more; the report has all of them"
    if not failed:
        yield from map(_beginning, ended.messages)
    if advice := hint(OUTPUT.read_text(encoding="utf-8", errors="replace")):
        yield advice
    yield f"error: not everything was done; {_seen(OUTPUT, seen_from)} has all that was said"


def blamed(failed: Sequence[RunningJob]) -> list[RunningJob]:
    """Jobs that have failed by themselves.

    On a cluster, Snakemake counts all that share a submission, of one track, as failed with the first that does.
    """
    told = {job.wildcards.get("track") for job in failed if job.error()}
    return [job for job in failed if job.error() or job.wildcards.get("track") not in told]


def _beginning(message: str) -> str:
    """Of a message, what users can make something of."""
    lines = message.strip().splitlines()
    if lines[:1] == ["Traceback (most recent call last):"]:
        return lines[-1]
    return "\n".join([*lines[:LINES], *(["..."] if len(lines) > LINES else [])])
