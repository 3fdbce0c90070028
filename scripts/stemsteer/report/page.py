"""The listening page: one HTML file, with audio, pictures and the tracks' own parts beside it.

The part of a track (its players, pictures and records) is a file of its own, which the page loads when the track is
opened: so a page of 200 tracks is as quick as one of two. It is a script that hands over HTML, because a browser lets a
page that was opened as a file load scripts beside it and nothing else.
"""

import json
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from stemsteer import METHOD_VERSION, __version__
from stemsteer.files import written_whole
from stemsteer.places import REPORT_TEMPLATES
from stemsteer.report.collect import Collection, TrackResult
from stemsteer.report.distributions import DISTRIBUTIONS
from stemsteer.report.files import Row
from stemsteer.report.origins import of_the_judges, of_the_scores, origins
from stemsteer.report.pictures import PLOT_SIZE
from stemsteer.report.spectrograms import RANGE_DB, colour_stops
from stemsteer.report.tables import (
    COMPARISONS,
    MEASURES,
    OF_THE_JUDGE,
    SUMMARISED,
    SUMMARY,
    Column,
    described,
    format_number,
    packed,
    score_columns,
    text,
)
from stemsteer.report.views import TrackView, show_tracks
from stemsteer.report.written_plan import WrittenPlan
from stemsteer.scores.metrics import FOR_COMPARISON

TRACKS = [
    text("track", "Track"),
    text("mixture", "Mixture"),
    text("sources", "Sources"),
    text("references", "References"),
    Column("start_s", "Start", unit="s"),
    Column("duration_s", "Duration", unit="s"),
    Column("sample_rate", "Rate", unit="Hz", digits=0),
    Column("channels", "Channels", digits=0),
]


@dataclass(frozen=True)
class Figure:
    """A picture of the workflow's, beside the page, and what it shows."""

    path: Path
    words: str


def write_report(plan: Path, output: Path) -> None:
    """Write the listening page over whatever exists; `audio/`, `images/` and `tracks/` are made beside it.

    Missing results never stop it: the page says what is missing and why.

    Args:
        plan: the workflow's plan (see `WrittenPlan.read`).
        output: the page, an HTML file.

    Raises:
        UserError: the plan itself is missing or damaged.
    """
    collection = Collection(WrittenPlan.read(plan))
    folder = output.parent
    tracks = show_tracks(collection, folder)
    environment = _environment(folder)
    for view in tracks:
        _write_text(folder / "tracks" / f"{view.anchor}.js", _track_script(environment, collection, view))
    _write_text(output, _page(environment, collection, tracks, _copied_figures(collection, folder)))


def format_value(value: Any) -> str:
    """A setting or a recorded fact in a few characters."""
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "–"}[value]
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def as_json(content: Any) -> str:
    """JSON that may stand within a script element: no name in it can end the element."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _environment(folder: Path) -> Environment:
    """The templates; links are relative to `folder`."""
    environment = Environment(
        loader=FileSystemLoader(REPORT_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "url": lambda path: quote(path.relative_to(folder).as_posix()),
        "zip": zip,
        "number": format_number,
        "value": format_value,
    }
    return environment


def _page(environment: Environment, collection: Collection, tracks: list[TrackView], figures: list[Figure]) -> str:
    plan = collection.plan
    return environment.get_template("page.html.j2").render(
        style=_template("style.css"),
        script=_template("page.js"),
        data=as_json(_data(collection)),
        version=__version__,
        method=METHOD_VERSION,
        now=datetime.now().astimezone(),
        collection=collection,
        plan=plan,
        runs=plan.runs,
        generators=sorted({generator for run in plan.runs.values() if (generator := _generator(run))}),
        taggers=sorted({tagger for run in plan.runs.values() for tagger in run.get("taggers", {}).get("names", [])}),
        sources=sorted({source.name for track in collection.tracks for source in track.sources}),
        tracks=tracks,
        figures=figures,
        measures=[column for column in SUMMARISED if plan.judges or column.key not in OF_THE_JUDGE],
        compared=MEASURES,
        columns=score_columns(collection.scores, bool(plan.judges)),
        origins=origins(collection),
        of_the_scores=of_the_scores(collection),
        of_the_judge=of_the_judges(plan.judges),
        colours=colour_stops(),
        range_db=RANGE_DB,
    )


def _generator(run: dict[str, Any]) -> str | None:
    """What a run's generator is called: a codec has a name of its own."""
    generator = run.get("generator", {})
    name: str | None = generator.get("codec") or generator.get("kind")
    return name


def _track_script(environment: Environment, collection: Collection, view: TrackView) -> str:
    html = environment.get_template("track.html.j2").render(view=view, runs=collection.plan.runs, plot_size=PLOT_SIZE)
    return f"showTrack({as_json(view.anchor)}, {as_json(html)});\n"


def _data(collection: Collection) -> dict[str, Any]:
    """What the page's script makes tables and charts of."""
    plan, scores = collection.plan, collection.scores
    columns = score_columns(scores, bool(plan.judges))
    return {
        "runs": {name: run["parts"][0] for name, run in plan.runs.items()},
        "baselines": plan.baselines,
        "for_comparison": FOR_COMPARISON,
        "places": [[track.name, [source.name for source in track.sources]] for track in collection.tracks],
        "measures": described(SUMMARISED),
        "scores": {"columns": described(columns), "cells": packed(scores, columns)},
        "summary": {"columns": described(SUMMARY), "cells": packed(collection.summary, SUMMARY)},
        "comparisons": {"columns": described(COMPARISONS), "cells": packed(collection.comparisons, COMPARISONS)},
        "tracks": {
            "columns": described(TRACKS),
            "cells": packed([_row_of(track) for track in collection.tracks], TRACKS),
        },
    }


def _row_of(track: TrackResult) -> Row:
    """A track as a row of the table of tracks."""
    return {
        **{key: str(fact) for key, fact in track.facts.items()},
        "track": track.name,
        "mixture": track.file,
        "sources": ", ".join(source.name for source in track.sources),
        "references": ", ".join(source.name for source in track.sources if source.has_reference),
    }


def _copied_figures(collection: Collection, folder: Path) -> list[Figure]:
    """Copies of the workflow's own figures beside the page, of those that show anything."""
    columns = score_columns(collection.scores, bool(collection.plan.judges))
    copies = []
    for distribution in DISTRIBUTIONS:
        figure = collection.plan.results / "figures" / f"{distribution.name}.svg"
        if figure.is_file() and collection.scores and distribution.column in [column.key for column in columns]:
            copy = folder / "images" / figure.name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(figure, copy)
            copies.append(Figure(copy, distribution.label))
    return copies


def _template(name: str) -> str:
    return (REPORT_TEMPLATES / name).read_text(encoding="utf-8")


def _write_text(path: Path, content: str) -> None:
    with written_whole(path) as part:
        part.write_text(content, encoding="utf-8")
