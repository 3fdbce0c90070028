"""Whether the figures of a stem count: only those do whose reference lies where it belongs in its mixture."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from stemsteer.files import read_json
from stemsteer.scores.metrics import Row
from stemsteer.scores.states import DOUBTFUL, MOVED
from stemsteer.sound.references import Reference


def with_reference(rows: Sequence[Row], about_reference: Path | None) -> list[Row]:
    """Rows of figures, with what is to be said of the reference in the columns `reference` and `warning`.

    Args:
        rows: the figures of estimates.
        about_reference: JSON, what was written of the reference (see `Reference`); None: there is nothing to say.
    """
    reference = Reference.model_validate(read_json(about_reference)) if about_reference else None
    if reference is None or reference.finding is None:
        return list(rows)
    state = {"reference": DOUBTFUL if reference.doubtful else MOVED}
    told = f"the reference {reference.finding}"
    return [{**row, **state, "warning": "; ".join(filter(None, (told, str(row["warning"]))))} for row in rows]


def is_doubtful(scores: pd.DataFrame) -> "pd.Series[bool]":
    """Whether the reference of each row is doubtful."""
    return scores.reference == DOUBTFUL
