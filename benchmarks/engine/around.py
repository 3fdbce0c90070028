"""Where the wall clock of a whole run of the workflow goes, outside the computation of steering."""

import ast
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd
from machine import ROOT
from outside import measured
from separators import StemSteer

STEERING = "steer"  # the rule, and the folder of its logs
BENCHMARK = ".benchmark.tsv"  # how the files end in which Snakemake writes what a job took
Jobs = Sequence[tuple[str, float]]  # rules and seconds of a run's jobs


def started_jobs(output: str) -> int:
    """How many processes a run of Snakemake started: a job each, but for the target itself, which comes last."""
    steps = re.findall(r"^\d+ of (\d+) steps", output, re.MULTILINE)
    return int(steps[-1]) - 1 if steps else 0


def jobs_in(folder: Path) -> Jobs:
    """What the jobs of a run took from start to end, as far as Snakemake wrote it to the logs in its folder."""
    logs = folder / "logs"
    return [(file.relative_to(logs).parts[0], _seconds(file)) for file in sorted(logs.rglob(f"*{BENCHMARK}"))]


def _seconds(file: Path) -> float:
    return float(pd.read_csv(file, sep="\t")["s"].sum())


def planning_seconds(run: StemSteer) -> float:
    """What Snakemake alone takes until it knows what there is to do."""
    with tempfile.TemporaryDirectory() as folder:
        run.prepare(Path(folder))
        return measured("snakemake --dry-run", [*run.command(Path(folder)), "--dry-run"], Path(folder)).wall


def import_seconds(rule: str) -> float:
    """What a process takes that does nothing but import what the script of a rule imports."""
    program = "\n".join(_imports(ROOT / "scripts" / f"{rule}.py"))
    return measured(f"importing for {rule}", [sys.executable, "-c", program], ROOT / "scripts").wall


def _imports(script: Path) -> Iterator[str]:
    for statement in ast.parse(script.read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            yield ast.unparse(statement)


def shares_of(wall: float, jobs: Jobs, planning: float, imports: Mapping[str, float]) -> dict[str, float]:
    """Where the wall clock of a run goes, s; jobs that run side by side count one by one.

    Args:
        wall: of the run, s.
        jobs: of the run.
        planning: of Snakemake, s.
        imports: of a job, by rule, s.
    """
    own = [(rule, seconds - imports[rule]) for rule, seconds in jobs]
    shares = {
        "Snakemake's planning": planning,
        "imports of the jobs": sum(imports[rule] for rule, _ in jobs),
        "steering": sum(seconds for rule, seconds in own if rule == STEERING),
        "reading and writing": sum(seconds for rule, seconds in own if rule != STEERING),
    }
    return {**shares, "rest: starting jobs and waiting for them": wall - sum(shares.values())}
