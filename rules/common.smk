"""What all rules share: the validated config, the tracks, and the names in file paths."""

import re

from snakemake.exceptions import WorkflowError

from stemsteer import METHOD_VERSION
from stemsteer.config import load_config
from stemsteer.errors import UserError
from stemsteer.plan import Plan, make_plan


def read_plan() -> Plan:
    """The config and the tracks; a user's mistake is told as one sentence, before any job starts."""
    try:
        return make_plan(load_config(config))
    except UserError as error:
        raise WorkflowError(str(error)) from None


PLAN = read_plan()


def one_of(names: list[str]) -> str:
    """A pattern that matches these names and nothing else."""
    return "|".join(re.escape(name) for name in names)


wildcard_constraints:
    track=one_of(list(PLAN.tracks)),
    source=one_of(PLAN.sources),
    run=one_of(list(PLAN.config.runs)),
    generator=one_of(list(PLAN.config.generators)),


def stem_files() -> list[str]:
    """The stems of all runs, tracks and sources."""
    return [
        f"results/runs/{stem.run}/stems/{stem.track}/{stem.source}{PLAN.stem_suffix}"
        for stem in PLAN.stems
    ]


def score_files() -> list[str]:
    """The score tables of all stems that have a reference."""
    return [
        f"results/runs/{stem.run}/scores/{stem.track}/{stem.source}.tsv"
        for stem in PLAN.stems
        if stem.source in PLAN.tracks[stem.track].references
    ]


def existing(path: str) -> list[str]:
    """The path as an input, unless it is a file of the user's that is not there.

    Snakemake stops everything at a missing input; left out, it fails in the job that reads it, and only there.
    """
    made_here = Path(path).parts[:2] == ("results", "datasets")
    return [path] if made_here or Path(path).exists() else []


def run_settings(wildcards) -> dict:
    """The method settings of a run, for params: a change of any of them redoes the run."""
    return PLAN.config.runs[wildcards.run].model_dump()


def megabytes(at_least: int, per_minute: float = 0):
    """A `mem_mb` function: a constant, plus what a minute of audio takes, doubled at every further attempt."""

    def mem_mb(wildcards, attempt: int) -> int:
        return int((at_least + per_minute * 10) * 2 ** (attempt - 1))

    return mem_mb
