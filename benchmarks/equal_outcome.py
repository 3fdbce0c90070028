"""How soon runs reach the loss that the run `reference` of a finished benchmark ended with, and how their stems score.

    snakemake --configfile benchmarks/equal_outcome.yaml
    python benchmarks/equal_outcome.py --step-ratio R

A row for each run and track: the loss before, the lowest one after, the step at which it was first as low as the
reference's last one, and how many times less the whole run takes than the reference's. A step costs the same in all
runs here; with R, how many times faster our step is than TagBox's (benchmarks/engine/against_reference.py), it is how
many times less than TagBox's own code. Then the SI-SDR improvement (dB) of the masked part and of the residual.
"""

import argparse
from pathlib import Path

import pandas as pd

REFERENCE = "reference"


def main() -> None:
    arguments = parser().parse_args()
    table = outcomes(arguments.results, arguments.step_ratio)
    print(table.round(3).to_csv(sep="\t", index=False))
    print(table.groupby("run").mean(numeric_only=True).round(3).to_csv(sep="\t"), end="")


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--results", type=Path, default=Path("results"), help="of the benchmark (default: results)")
    made.add_argument(
        "--step-ratio",
        type=float,
        default=1.0,
        metavar="R",
        help="TagBox's step in steps of ours (default: 1, as if it were our engine)",
    )
    return made


def outcomes(results: Path, step_ratio: float) -> pd.DataFrame:
    """The table: a row for each run and track."""
    histories = sorted(results.glob("runs/*/estimates/*/*.history.tsv"))
    reached = pd.DataFrame([outcome(history, results, step_ratio) for history in histories])
    scores = pd.read_csv(results / "scores.tsv", sep="\t")
    parts = scores[scores.estimate.isin(["masked", "residual"])]
    key = ["run", "track", "source"]
    improvements = parts.pivot(index=key, columns="estimate", values="si_sdr_improvement_db").reset_index()
    return reached.merge(improvements, on=key)


def outcome(history: Path, results: Path, step_ratio: float) -> dict[str, object]:
    """What an ascent came to, beside the reference's on the same track."""
    run, _, track, file = history.relative_to(results / "runs").parts
    reference = losses(results / "runs" / REFERENCE / "estimates" / track / file)
    own, goal = losses(history), reference.iloc[-1]
    there = own.index[own <= goal]
    return {
        "run": run,
        "track": track,
        "source": file.removesuffix(".history.tsv"),
        "loss_before": own.iloc[0],
        "goal": goal,
        "loss_after": own.min(),
        "goal_at_step": there[0] if len(there) else None,
        "less_time": len(reference) / len(own) * step_ratio,
    }


def losses(history: Path) -> "pd.Series[float]":
    """The mean over a track's chunks, step by step."""
    return pd.read_csv(history, sep="\t").groupby("step").loss.mean()


if __name__ == "__main__":
    main()
