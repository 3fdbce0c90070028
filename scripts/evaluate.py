"""Score both parts of a mixture against the known stem of their source, beside the mixture itself and silence."""

from pathlib import Path
from typing import Any

import pandas as pd

from stemsteer.audio import read
from stemsteer.errors import told_in_log
from stemsteer.files import written_whole
from stemsteer.metrics import COLUMNS, Row, score


def evaluate(mixture: Path, reference: Path, parts: dict[str, Path]) -> list[Row]:
    """Score rows of `parts`: files of the stem and the other part, by the name of their estimate."""
    heard, rate = read(mixture)
    return score(read(reference)[0], heard, {name: read(part)[0] for name, part in parts.items()}, rate)


def write_table(rows: list[Row], names: dict[str, str], table: Path) -> None:
    """Write `rows` as tab-separated values, each with `names` (run, track, source)."""
    scores = pd.DataFrame([{**names, **row} for row in rows], columns=list(COLUMNS))
    with written_whole(table) as part:
        scores.to_csv(part, sep="\t", index=False, float_format="%.6f", na_rep="nan")


def main(job: Any) -> None:
    parts = dict(zip(job.params.parts, (job.input.stem, job.input.other), strict=True))
    # In one order, whichever of them the run calls its stem.
    rows = evaluate(job.input.mixture, job.input.reference, dict(sorted(parts.items())))
    write_table(rows, {name: job.wildcards[name] for name in ("run", "track", "source")}, Path(job.output[0]))


if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        main(job)
