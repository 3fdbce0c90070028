"""The tables of docs/benchmark.md, from a finished benchmark.

    python benchmarks/markdown_tables.py results
    python benchmarks/markdown_tables.py results --half report --sources vocals drums guitar piano strings violin

prints three tables in Markdown, with a row for the stem of each run and baseline:

1. the mean SI-SDR improvement for each source, its 95 % interval, and the number of tracks in the head;
2. the mean of the sources' means, so that a source of many tracks weighs no more than others; how many stems are better
   than the mixture; SIR and SAR, which say whether what is wrong is other sources or artefacts; SDR and the level; what
   the judge hears; and the cost: seconds of steering for each track;
3. the same figures over all stems, whatever their source.

Runs whose taggers do not know a source are compared with others fairly only without it (--sources).
Intervals are bootstrap intervals over tracks (docs/scores.md). Undefined figures are left out of means, but a silent
stem, whose SI-SDR is undefined, counts as not better. Runs that found the taggers' answers of another run kept
(results/answers) seem to cost nothing.
"""

import argparse
import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from stemsteer.files import read_json
from stemsteer.jobs.layout import Layout
from stemsteer.scores.metrics import FOR_COMPARISON
from stemsteer.scores.statistics import CONFIDENCE, RESAMPLES, SEED, interval
from stemsteer.scores.tables import read_scores, stem_estimates

IMPROVEMENT = "si_sdr_improvement_db"
FIGURES = {
    IMPROVEMENT: "SI-SDR improvement",
    "sir_db": "SIR",
    "sar_db": "SAR",
    "sdr_improvement_db": "SDR improvement",
    "level_db": "level",
    "tag_probability_change": "tag probability",
}
HALVES = Path(__file__).with_name("halves.tsv")


def main() -> None:
    arguments = parser().parse_args()
    scores = read_scores(arguments.results / "scores.tsv")
    if arguments.sources:
        scores = scores[scores.source.isin(arguments.sources)]
    if arguments.half:
        scores = scores[scores.track.map(halves(arguments.halves)) == arguments.half]
    if not arguments.parts:
        stems = stem_estimates(arguments.results / "plan.json")
        scores = scores[scores.estimate == scores.run.map(stems).fillna(scores.estimate)]
    print(by_source(scores), of_sources(scores, arguments.results), over_all(scores), sep="\n\n")


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("results", type=Path, help="the folder results of a benchmark")
    made.add_argument("--half", choices=("choose", "report"), help="only the tracks of one half (default: all)")
    made.add_argument(
        "--halves", type=Path, default=HALVES, help="the table of halves (default: benchmarks/halves.tsv)"
    )
    made.add_argument("--sources", nargs="+", help="only these, for runs that do not make all of them (default: all)")
    made.add_argument("--parts", action="store_true", help="both parts of the mixture that each run makes")
    return made


def halves(table: Path) -> dict[str, str]:
    """The half of each track."""
    with table.open(encoding="utf-8", newline="") as file:
        return {row["track"]: row["half"] for row in csv.DictReader(file, dialect="excel-tab")}


def by_source(scores: pd.DataFrame) -> str:
    """SI-SDR improvement: a row for each run and estimate, a column for each source."""
    sources = list(scores.source.unique())
    counts = finite(scores).groupby("source").track.nunique()
    rows = [
        [*names, *(cell(mean_of(stems[stems.source == source], IMPROVEMENT)) for source in sources)]
        for names, stems in by_run(scores)
    ]
    return markdown(["run", "estimate", *(f"{source} ({counts.get(source, 0)})" for source in sources)], rows)


def of_sources(scores: pd.DataFrame, results: Path) -> str:
    """The means of the sources' means, the stems that are better, and the cost."""
    rows = []
    for names, stems in by_run(scores):
        means = [figure_cell(mean_of_sources(stems, figure), figure) for figure in FIGURES]
        rows.append([*names, *means, better(stems, scores), seconds(stems, results)])
    return markdown(["run", "estimate", *FIGURES.values(), "better", "s a track"], rows)


def over_all(scores: pd.DataFrame) -> str:
    """All figures over all stems."""
    rows = [
        [*names, *(figure_cell(mean_of(stems, figure), figure) for figure in FIGURES)]
        for names, stems in by_run(scores)
    ]
    return markdown(["run", "estimate", *FIGURES.values()], rows)


def by_run(scores: pd.DataFrame) -> Iterator[tuple[tuple[str, str], pd.DataFrame]]:
    """The rows of each run and estimate."""
    for (run, estimate), stems in scores.groupby(["run", "estimate"], sort=False):
        yield (str(run), str(estimate)), stems


def finite(stems: pd.DataFrame, figure: str = IMPROVEMENT) -> pd.DataFrame:
    """The rows in which a figure is a number."""
    return stems[np.isfinite(stems[figure])]


Mean = tuple[float, float, float]
"""A mean and the bounds of its interval."""


def mean_of(stems: pd.DataFrame, figure: str) -> Mean:
    """The mean over stems."""
    defined = finite(stems, figure)
    return (defined[figure].mean(), *interval(defined[figure].to_numpy(), pd.factorize(defined.track)[0]))


def mean_of_sources(stems: pd.DataFrame, figure: str) -> Mean:
    """The mean over the sources of their means. Resamples that happen to lack a source have the mean of the others."""
    table = finite(stems, figure).pivot_table(index="track", columns="source", values=figure).to_numpy()
    if not table.size:
        return np.nan, np.nan, np.nan
    mean = float(np.nanmean(table, axis=0).mean())
    if len(table) < 2:
        return mean, np.nan, np.nan
    drawn = np.random.default_rng(SEED).multinomial(len(table), np.full(len(table), 1 / len(table)), size=RESAMPLES)
    sums, counts = drawn @ np.nan_to_num(table), drawn @ np.isfinite(table)
    means = np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)
    low, high = np.quantile(np.nanmean(means, axis=1), [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return mean, float(low), float(high)


def better(stems: pd.DataFrame, scores: pd.DataFrame) -> str:
    """How many stems are better than the mixture, of those whose mixture can be improved."""
    key = ["track", "source"]
    comparable = finite(scores[scores.estimate == FOR_COMPARISON[0]])[key]
    counted = stems.merge(comparable, on=key)
    return f"{(counted[IMPROVEMENT] > 0).sum()} of {len(counted)}"


def seconds(stems: pd.DataFrame, results: Path) -> str:
    """The time that steering took for each track, by the records of a run; baselines keep none."""
    names = zip(stems.run, stems.track, stems.source, strict=True)
    paths = [Layout(results).estimate(run, track, source, ".json") for run, track, source in names]
    records = [path for path in paths if path.exists()]
    total = sum(chunk["seconds"] for path in records for chunk in read_json(path)["chunks"])
    return f"{total / stems.track.nunique():.0f}" if records else "-"


def figure_cell(mean: Mean, figure: str) -> str:
    """A mean with the digits of its figure."""
    return cell(mean, 3 if figure.startswith("tag") else 1)


def cell(mean: Mean, digits: int = 1) -> str:
    """A mean with its interval, as far as there is one."""
    if np.isnan(mean[0]):
        return "-"
    middle, low, high = (f"{value:+.{digits}f}" for value in mean)
    return middle if np.isnan(mean[1]) else f"{middle} ({low} to {high})"


def markdown(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    main()
