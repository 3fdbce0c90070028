"""What a workflow has come to, for the terminal: where each stem lies, what is wrong, and what to do next."""

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stemsteer.command_line.terminal import layout, say, width
from stemsteer.command_line.workflow.engine import OUTPUT, Ended
from stemsteer.exports.signals import level_of
from stemsteer.jobs.slurm_hints import hint
from stemsteer.report.collect import Collection, StemResult
from stemsteer.report.files import read_object
from stemsteer.report.written_plan import WrittenPlan
from stemsteer.sound.audio import blocks

PLAN = Path("results/plan.json")
PAGE = Path("results/report/index.html")
SHOWN = 24
"""Stems, failures or warnings that are listed: a screen."""


@dataclass(frozen=True)
class Listed:
    """A file to list: a stem, or the rest of a mixture."""

    track: str
    run: str
    source: str
    path: Path
    stem: StemResult | None

    def row(self, seen_from: Path) -> dict[str, str]:
        """Its line in the table; its path is that from a folder."""
        return {
            "track": self.track,
            "run": self.run,
            "source": self.source,
            "level": _decibels(self.path),
            "heard": _heard(self.stem),
            "improvement": _improvement(self.stem),
            "file": os.path.relpath(self.path, seen_from),
        }


def report_outcome(ended: Ended, seen_from: Path) -> None:
    """Print what a workflow in the working directory has come to; paths are those from a folder."""
    if PLAN.exists() and not ended.interrupted:
        _say_stems(Collection(WrittenPlan.read(PLAN)), seen_from)
    for line in _complaints(ended, seen_from):
        say(line)
    if ended.interrupted:
        say("Stopped. What is done is kept, and the same command goes on from there.")
    elif PAGE.exists():
        say(f"\nThe report to listen to: {os.path.relpath(PAGE, seen_from)}")


def _say_stems(collection: Collection, seen_from: Path) -> None:
    """Print a table of the stems, and the sources that were not heard."""
    files = list(_files(collection))
    if files:
        rows = [file.row(seen_from) for file in files[:SHOWN]]
        hidden = {"run"} if len(collection.plan.runs) == 1 else set()
        hidden |= {column for column in rows[0] if not any(row[column] for row in rows)}
        say(layout([{name: cell for name, cell in row.items() if name not in hidden} for row in rows], None, width()))
        _say_more(len(files), "")
    warnings = [f"{stem.track}: {stem.warning}" for stem in collection.stems if stem.warning]
    for warning in warnings[:SHOWN]:
        say(f"warning: {warning}")
    _say_more(len(warnings), " warnings; the report has all of them")


def _say_more(number: int, what: str) -> None:
    if number > SHOWN:
        say(f"and {number - SHOWN} more{what}")


def _files(collection: Collection) -> Iterator[Listed]:
    """The stems of all tracks, where people find them, each track with its rest."""
    for track in collection.tracks:
        for run in collection.plan.runs:
            (record,) = collection.layout.export(run, track.name).last
            exported = {row["source"]: Path(row["path"]) for row in read_object(record).get("files", [])}
            for stem in (stem for source in track.sources for stem in source.stems if stem.run == run):
                if path := exported.get(stem.source, stem.stem):
                    yield Listed(track.name, run, stem.source, path, stem)
            if rest := exported.get(None):
                yield Listed(track.name, run, rest.stem, rest, None)


def _decibels(path: Path) -> str:
    """The root mean square of a file, in dB below full scale."""
    rms = level_of(blocks(path)).rms
    return f"{20 * math.log10(rms):.1f} dB" if rms else "silent"


def _heard(stem: StemResult | None) -> str:
    """Whether the taggers hear the source of a stem in the mixture."""
    if stem is None or stem.steering.get("presence") is None:
        return ""
    return "no" if stem.warning else "yes"


def _improvement(stem: StemResult | None) -> str:
    """By how much a stem is nearer to its reference than the mixture is (SI-SDR)."""
    if stem is None:
        return ""
    for row in stem.scores:
        if row["estimate"] == stem.record.get("stem_is") and row["si_sdr_improvement_db"]:
            return f"{float(row['si_sdr_improvement_db']):+.1f} dB"
    return ""


def _complaints(ended: Ended, seen_from: Path) -> Iterator[str]:
    """What went wrong, last things last."""
    if ended.well or ended.interrupted:
        return
    for job in ended.failed[:SHOWN]:
        names = job.names()
        where = ", ".join(filter(None, (names.get("track"), names.get("source"))))
        sentence = job.error() or f"its log says more: {job.log}" if job.log else "it left no log"
        yield f"{job.stage} failed{f' for {where}' if where else ''}: {sentence}"
    if len(ended.failed) > SHOWN:
        yield f"and {len(ended.failed) - SHOWN} more; the report has all of them"
    yield from () if ended.failed else ended.messages
    if advice := hint(OUTPUT.read_text(encoding="utf-8", errors="replace")):
        yield advice
    yield f"error: not everything was done; {os.path.relpath(OUTPUT, seen_from)} has all that was said"
