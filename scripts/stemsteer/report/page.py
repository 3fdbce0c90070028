"""The listening page: one HTML file, with audio and pictures beside it."""

import math
import tomllib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from stemsteer.files import written_whole
from stemsteer.report.collect import Collection, Plan
from stemsteer.report.pictures import CURVE_SIZE, RANGE_DB, colour_stops
from stemsteer.report.views import FOR_COMPARISON, TrackView, show_tracks

ROOT = Path(__file__).resolve().parents[3]
TEMPLATES = ROOT / "report"


@dataclass(frozen=True)
class Column:
    """One figure of the score table."""

    key: str
    title: str
    meaning: str
    unit: str = "dB"
    digits: int = 2
    signed: bool = False


def _improvement(key: str, title: str) -> Column:
    meaning = f"{title} of the estimate minus that of the mixture."
    return Column(f"{key}_improvement_db", f"{title} improvement", meaning, signed=True)


COLUMNS = [
    Column("si_sdr_db", "SI-SDR", "Scale-invariant signal-to-distortion ratio: the same however loud the estimate is."),
    _improvement("si_sdr", "SI-SDR"),
    Column("level_db", "Level", "Level of the estimate relative to the reference's; 0 dB is right.", signed=True),
    Column("snr_db", "SNR", "Reference against its difference from the estimate, over the whole track (uSDR)."),
    _improvement("snr", "SNR"),
    Column("sdr_db", "SDR", "BSSEval v4 (museval), median over frames of 1 s."),
    _improvement("sdr", "SDR"),
    Column("isr_db", "ISR", "BSSEval v4: image-to-spatial-distortion ratio."),
    Column("sir_db", "SIR", "BSSEval v4: source-to-interference ratio."),
    Column("sar_db", "SAR", "BSSEval v4: source-to-artefact ratio."),
    Column("frames", "Frames", "Frames of 1 s that BSSEval was computed on.", unit="", digits=0),
    Column("nan_frames", "Undefined frames", "Frames in which BSSEval is not defined.", unit="", digits=0),
]


def write_report(plan: Path, output: Path) -> None:
    """Write the listening page over whatever exists, with `audio/` and `images/` beside it.

    Missing results never stop it: the page says what is missing and why.

    Args:
        plan: the workflow's plan (see `Plan.read`).
        output: the page, an HTML file.

    Raises:
        UserError: the plan itself is missing or damaged.
    """
    collection = Collection(Plan.read(plan))
    page = render(collection, show_tracks(collection, output.parent), output.parent)
    with written_whole(output) as part:
        part.write_text(page, encoding="utf-8")


def render(collection: Collection, tracks: list[TrackView], folder: Path) -> str:
    """The page's HTML; links are relative to `folder`."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "url": lambda path: quote(path.relative_to(folder).as_posix()),
        "number": format_number,
        "sort_key": sort_key,
        "value": format_value,
    }
    runs = collection.plan.runs
    return environment.get_template("page.html.j2").render(
        style=(TEMPLATES / "style.css").read_text(encoding="utf-8"),
        script=(TEMPLATES / "page.js").read_text(encoding="utf-8"),
        version=tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"],
        now=datetime.now().astimezone(),
        collection=collection,
        runs=runs,
        generators=sorted({run["generator"] for run in runs.values() if "generator" in run}),
        taggers=sorted({tagger for run in runs.values() for tagger in run.get("taggers", [])}),
        sources=sorted({source.name for track in collection.tracks for source in track.sources}),
        tracks=tracks,
        anchors={(view.track.name, source.source.name): source.anchor for view in tracks for source in view.sources},
        columns=COLUMNS,
        for_comparison=FOR_COMPARISON,
        colours=colour_stops(),
        range_db=RANGE_DB,
        curve_size=CURVE_SIZE,
    )


def format_number(cell: str | float | None, digits: int = 2, signed: bool = False) -> str:
    """A figure as the page prints it: a true minus sign, "–" for what is not defined."""
    value = round(_number(cell), digits)
    if math.isnan(value):
        return "–"
    sign = "−" if value < 0 else "+" if signed and value > 0 else ""
    return sign + ("∞" if math.isinf(value) else f"{abs(value):.{digits}f}")


def sort_key(cell: str | float | None) -> str:
    """A figure as the page's script reads it; empty for what is not defined."""
    value = _number(cell)
    if math.isnan(value):
        return ""
    return f"{value:.6g}" if math.isfinite(value) else f"{'-' if value < 0 else ''}Infinity"


def format_value(value: Any) -> str:
    """A setting or a recorded fact in a few characters."""
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "–"}[value]
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _number(cell: str | float | None) -> float:
    """A number, or not-a-number for an empty or missing cell."""
    return float(cell) if cell not in ("", None) else math.nan
