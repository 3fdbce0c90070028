"""The page's tables: what their columns mean, and their rows in the few bytes in which the page carries them.

A table of ten thousand rows would be a hundred thousand cells of HTML. The page holds the figures instead, column by
column, and its script shows the rows that are looked at.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from stemsteer.report.files import Row
from stemsteer.scores import statistics
from stemsteer.scores.states import AS_GIVEN


@dataclass(frozen=True)
class Column:
    """One column of a table."""

    key: str
    title: str
    meaning: str = ""
    unit: str = ""
    digits: int = 2
    signed: bool = False
    kind: Literal["text", "number"] = "number"


def text(key: str, title: str) -> Column:
    """A column of words."""
    return Column(key, title, kind="text")


def _decibels(key: str, title: str, meaning: str, signed: bool = False) -> Column:
    return Column(key, title, meaning, "dB", signed=signed)


def _improvement(key: str, title: str) -> Column:
    meaning = f"{title} of the estimate minus that of the mixture."
    return _decibels(f"{key}_improvement_db", f"{title} improvement", meaning, signed=True)


NAMES = [text("run", "Run"), text("track", "Track"), text("source", "Source"), text("estimate", "Estimate")]
FIGURES = [
    _improvement("si_sdr", "SI-SDR"),
    _decibels(
        "si_sdr_db", "SI-SDR", "Scale-invariant signal-to-distortion ratio: the same however loud the estimate is."
    ),
    _decibels("level_db", "Level", "Level of the estimate relative to the reference's; 0 dB is right.", signed=True),
    Column(
        "tag_probability",
        "Tag probability",
        "How probable the judge, a tagger that no run steers with, finds the source's tags: 0 to 1.",
        digits=3,
    ),
    Column(
        "tag_probability_change",
        "Tag probability change",
        "Tag probability of the estimate minus that of the mixture.",
        digits=3,
        signed=True,
    ),
    _improvement("snr", "SNR"),
    _decibels("snr_db", "SNR", "Reference against its difference from the estimate, over the whole track (uSDR)."),
    _improvement("sdr", "SDR"),
    _decibels("sdr_db", "SDR", "BSSEval v4 (museval), median over frames of 1 s."),
    _decibels("isr_db", "ISR", "BSSEval v4: image-to-spatial-distortion ratio."),
    _decibels("sir_db", "SIR", "BSSEval v4: source-to-interference ratio."),
    _decibels("sar_db", "SAR", "BSSEval v4: source-to-artefact ratio."),
    Column("frames", "Frames", "Frames of 1 s that BSSEval was computed on.", digits=0),
    Column("nan_frames", "Undefined frames", "Frames in which BSSEval is not defined.", digits=0),
]
OF_THE_JUDGE = ("tag_probability", "tag_probability_change")
SCORES = [*NAMES, *FIGURES, text("reference", "Reference"), text("warning", "Warning")]
"""All columns of the score table."""

SUMMARISED = [column for column in FIGURES if column.key in statistics.MEASURES]
"""The figures of which the summary has means, medians and intervals."""

SUMMARY = [
    text("source", "Source"),
    text("run", "Run"),
    text("estimate", "Estimate"),
    Column("tracks", "Tracks", digits=0),
    Column("undefined", "Undefined", digits=0),
    Column("doubtful", "Doubtful", digits=0),
    *(Column(f"{column.key}_{statistic}", statistic) for column in SUMMARISED for statistic in statistics.STATISTICS),
]

MEASURES = [column for column in FIGURES if column.key in statistics.COMPARED]
"""The figures in which runs are compared track by track."""

COMPARISONS = [
    text("source", "Source"),
    text("measure", "Measure"),
    text("run", "Run"),
    text("against", "Against"),
    *(Column(f"difference_{statistic}", statistic) for statistic in ("mean", "low", "high")),
    *(Column(key, key.capitalize(), digits=0) for key in ("tracks", "wins", "losses", "ties", "doubtful")),
]


def score_columns(rows: Sequence[Row], judged: bool) -> list[Column]:
    """The columns of the score table that these rows need."""
    unused = [] if judged else list(OF_THE_JUDGE)
    if not any(row.get("warning") for row in rows):
        unused.append("warning")
    if all(row.get("reference", AS_GIVEN) == AS_GIVEN for row in rows):
        unused.append("reference")
    return [column for column in SCORES if column.key not in unused]


def packed(rows: Sequence[Row], columns: Sequence[Column]) -> dict[str, Any]:
    """A table column by column, for JSON: words as numbers into a list of names, undefined figures as null."""
    return {column.key: _packed(rows, column) for column in columns}


def described(columns: Sequence[Column]) -> list[dict[str, Any]]:
    """The columns as the page's script reads them."""
    return [asdict(column) for column in columns]


def number(cell: str | float | None) -> float:
    """A number, or not-a-number for an empty or missing cell."""
    return float(cell) if cell not in ("", None) else math.nan


def format_number(cell: str | float | None, digits: int = 2, signed: bool = False) -> str:
    """A figure as the page prints it: a true minus sign, "–" for what is not defined."""
    value = round(number(cell), digits)
    if math.isnan(value):
        return "–"
    sign = "−" if value < 0 else "+" if signed and value > 0 else ""
    return sign + ("∞" if math.isinf(value) else f"{abs(value):.{digits}f}")


def _packed(rows: Sequence[Row], column: Column) -> Any:
    cells = [row.get(column.key, "") for row in rows]
    if column.kind == "number":
        return [_figure(number(cell)) for cell in cells]
    names = list(dict.fromkeys(cells))
    numbers = {name: index for index, name in enumerate(names)}
    return {"names": names, "rows": [numbers[cell] for cell in cells]}


def _figure(value: float) -> float | str | None:
    """A figure with one digit more than is shown; what JSON has no number for as JavaScript spells it."""
    if math.isnan(value):
        return None
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return round(value, 4)
