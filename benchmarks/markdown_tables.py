"""The tables of docs/benchmark.md, from a finished run.

    python benchmarks/markdown_tables.py results/summary.tsv

prints, in Markdown, the mean SI-SDR improvement of every run and estimate for each source, with its 95 % interval, and
then the other figures over all sources.
"""

import argparse
from pathlib import Path

import pandas as pd

FIGURES = {
    "si_sdr_improvement_db": "SI-SDR improvement",
    "snr_improvement_db": "SNR improvement",
    "sdr_improvement_db": "SDR improvement",
    "level_db": "level",
    "tag_probability_change": "tag probability",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("summary", type=Path, help="results/summary.tsv")
    table = pd.read_csv(parser.parse_args().summary, sep="\t", keep_default_na=False, na_values=["nan"])
    print(by_source(table), over_all(table), sep="\n\n")


def by_source(table: pd.DataFrame) -> str:
    """SI-SDR improvement: a row for each run and estimate, a column for each source."""
    counts = table.groupby("source", sort=False).tracks.max()
    heads = [f"{source} ({counts[source]})" for source in counts.index]
    rows = [
        [*names, *(cell(of.get(source), "si_sdr_improvement_db") for source in counts.index)]
        for names, of in by_run(table)
    ]
    return markdown(["run", "estimate", *heads], rows)


def over_all(table: pd.DataFrame) -> str:
    """All figures over all sources."""
    rows = [[*names, *(cell(of.get("all"), figure) for figure in FIGURES)] for names, of in by_run(table)]
    return markdown(["run", "estimate", *FIGURES.values()], rows)


def by_run(table: pd.DataFrame) -> list[tuple[tuple[str, str], dict[str, "pd.Series[float]"]]]:
    """The rows of each run and estimate, by source."""
    groups = table.groupby(["run", "estimate"], sort=False)
    return [
        ((str(run), str(estimate)), {row.source: row for _, row in rows.iterrows()}) for (run, estimate), rows in groups
    ]


def cell(row: "pd.Series[float] | None", figure: str) -> str:
    """A mean with its interval, as far as there is one."""
    if row is None or pd.isna(row[f"{figure}_mean"]):
        return "-"
    digits = 3 if figure.startswith("tag") else 1
    mean, low, high = (f"{row[f'{figure}_{name}']:+.{digits}f}" for name in ("mean", "low", "high"))
    return mean if pd.isna(row[f"{figure}_low"]) else f"{mean} ({low} to {high})"


def markdown(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    main()
