"""The files that a workflow has made for people."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stemsteer.jobs.layout import Layout
from stemsteer.report.files import is_made, read_object, read_table
from stemsteer.report.written_plan import WrittenPlan
from stemsteer.scores.states import DOUBTFUL


@dataclass(frozen=True)
class Listed:
    """A stem, or the rest of a mixture.

    Attributes:
        track, run, source: their names; `source` is what the rest is called where it is one.
        path: of the file.
        presence: how much the taggers hear of the source in the mixture, where that was asked.
        warning: that they do not hear it.
    """

    track: str
    run: str
    source: str
    path: Path
    presence: float | None
    warning: str | None

    def improvement_in(self, layout: Layout) -> float | None:
        """By how much a stem is nearer to its reference than the mixture is (SI-SDR, dB), where that is known."""
        stem = self.run, self.track, self.source
        scored = read_table(layout.scores(*stem))
        kind = read_object(layout.provenance(*stem)).get("stem_is") if scored else None
        trusted = (row for row in scored if row.get("reference") != DOUBTFUL)
        gains = (float(row["si_sdr_improvement_db"]) for row in trusted if row["estimate"] == kind)
        return next(filter(math.isfinite, gains), None)


def files_for_people(plan: WrittenPlan) -> Iterator[Listed]:
    """The stems of all tracks where people find them, each track with its rest: exported ones, else the workflow's own.

    The records of exports are small; those of stems, with all that was heard, are read where there is no export only.
    """
    for track in plan.tracks:
        for run in plan.runs:
            (path,) = plan.layout.export(run, track["track"]).last
            record = read_object(path)
            exported = {row["source"]: row for row in record.get("files", [])}
            for source in (source for source in track["sources"] if run in plan.runs_of(source)):
                row = exported.get(source) or _own(plan.layout, run, track["track"], source)
                yield from _listed(track["track"], run, source, row)
            if rest := exported.get(None):
                yield from _listed(track["track"], run, record["rest"], rest)


def doubtful_references(plan: WrittenPlan) -> Iterator[str]:
    """What is wrong with references whose scores mean nothing, a sentence for each."""
    for track in plan.tracks:
        for source in track.get("references") or {}:
            about = read_object(plan.layout.reference(track["track"], source, ".json"))
            if about.get("doubtful"):
                yield f"{track['track']}: the reference of {source} {about['finding']}"


def _own(layout: Layout, run: str, track: str, source: str) -> dict[str, Any]:
    """What the record of an export would say of a stem that has none."""
    stem = layout.stem(run, track, source)
    record = read_object(layout.provenance(run, track, source)) if is_made(stem) else {}
    return {"path": stem, "presence": record.get("ascent", {}).get("presence"), "warning": record.get("warning")}


def _listed(track: str, run: str, source: str, row: Mapping[str, Any]) -> Iterator[Listed]:
    if is_made(Path(row["path"])):
        yield Listed(track, run, source, Path(row["path"]), row["presence"], row["warning"])
