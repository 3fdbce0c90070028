"""What rules share: the checked config, the tracks, the names in paths, and what jobs ask of a machine."""

import sys
from collections.abc import Callable
from functools import cache

from stemsteer import METHOD_VERSION
from stemsteer.errors import UserError
from stemsteer.jobs.contents import Contents
from stemsteer.jobs.planned import layout_of, scored_stems, steered
from stemsteer.jobs.resources import computes_on_gpu, megabytes, minutes, track_seconds
from stemsteer.models.registry import published_digest, registry
from stemsteer.models.weights import look_in
from stemsteer.names import slug
from stemsteer.settings.config import load_config
from stemsteer.settings.plan import Plan, make_plan
from stemsteer.settings.tracks import is_made_here


def read_plan() -> Plan:
    """The config and the tracks; a user's mistake is told as one sentence, before any job starts."""
    try:
        plan = make_plan(load_config(config))
        # Jobs find the folder in the environment: those on other machines read the config there, as it is read here.
        if plan.config.models is not None:
            look_in(plan.config.models)
        return plan
    except UserError as error:
        # Snakemake would tell an exception together with the lines of this file that it passed through.
        sys.exit(f"error: {error}")


PLAN = read_plan()
LAYOUT = layout_of(PLAN)


def one_of(names) -> str:
    """A pattern that matches these names, which have no special characters, and nothing else."""
    return "|".join(names)


ANY_TRACK = "[a-z0-9-]+"


# Wildcards are slugs of the true names.
wildcard_constraints:
    track=ANY_TRACK,
    source=one_of(PLAN.names.sources),
    run=one_of(PLAN.names.runs),
    codec=one_of(PLAN.names.codecs),


@inspected
def track_of(wildcards) -> str:
    """The name of the track that a job is for."""
    return PLAN.names.tracks[wildcards.track]


@inspected
def source_of(wildcards) -> str:
    """The name of the source that a job is for."""
    return PLAN.names.sources[wildcards.source]


@inspected
def judge_of(wildcards) -> str | None:
    """The tagger that judges the stem that a job is for."""
    return PLAN.judge_of[PLAN.names.sources[wildcards.source]]


@inspected
def run_of(wildcards) -> str:
    """The name of the run that a job is for."""
    return PLAN.names.runs[wildcards.run]


def by_run(value: Callable[[str], object]):
    """What runs differ in: a function of the wildcards, or the value itself if all runs agree, which is faster."""
    values = [value(run) for run in PLAN.config.runs]
    if all(other == values[0] for other in values):
        return values[0]

    @inspected
    def of_run(wildcards):
        return value(PLAN.names.runs[wildcards.run])

    return of_run


def group_of(name: str):
    """A group of settings of each run, as a parameter of its jobs."""

    @cache
    def group(run: str) -> dict:
        return getattr(PLAN.config.runs[run], name).model_dump(mode="json")

    return by_run(group)


def own_among(sources: list[str]) -> dict:
    """The tags of those of some sources that are the user's own: a job depends on no others."""
    return {name: tags for name, tags in PLAN.config.own_sources.items() if name in sources}


@inspected
def own_source_of(wildcards) -> dict:
    """The tags of the source that a job is for, if it is one of the user's own."""
    return own_among([source_of(wildcards)])


# Snakemake takes long over each function, where there are thousands of jobs.
OWN_SOURCE = own_source_of if PLAN.config.own_sources else {}


def stem_files() -> list[str]:
    """The stems of all runs, tracks and sources."""
    return [str(LAYOUT.stem(stem.run, stem.track, stem.source)) for stem in PLAN.stems]


def score_files() -> list[str]:
    """The score tables of all stems that have a reference."""
    scored = (*scored_stems(PLAN), *PLAN.baseline_stems, *PLAN.peer_stems)
    return [str(LAYOUT.scores(stem.run, stem.track, stem.source)) for stem in scored]


def made_here(path: str) -> list[str]:
    """A file as an input, where the workflow makes it.

    A file of the user's is none: Snakemake stops everything at one that is missing or may not be read, reads more than a
    name into {braces} and <brackets>, and trusts dates. The job that needs it reads it, and follows its `content_of`.
    """
    return [path] if is_made_here(path) else []


def shipped(path: str):
    """A file that comes with StemSteer as an input; its path may have wildcards.

    It is a function: Snakemake reads more than a name into {braces} and <brackets>, which may be those of the folder.
    """

    def input_of(wildcards) -> str:
        return str(HOME / path.format(wildcards=wildcards))

    return input_of


CONTENTS = Contents(adds=not is_dry_run())


def content_of(path: str) -> str | None:
    """What stands for the content of a file of the user's in the parameters of jobs; nothing for one that is made here."""
    return None if is_made_here(path) else CONTENTS.of(path)


def content_of_weights(weights: str) -> str:
    """What tells weights, published ones or a file of the user's, from earlier ones of their name."""
    return published_digest(weights) or CONTENTS.of_weights(weights)


def steered_weights() -> list[str]:
    """The weights of all codecs that runs steer."""
    return sorted({PLAN.config.codecs[codec].weights for codec in PLAN.config.steered_codecs})


def seconds_of(track: str) -> float:
    """The length of a track, as far as it is known by now."""
    return track_seconds(PLAN.tracks[track], LAYOUT.audio(track, "mono.wav"))


def memory(base: float, each_second: float = 0):
    """A `mem_mb` function: so many MB, and so many for each second of the track."""

    @inspected
    def mem_mb(wildcards, attempt: int) -> int:
        return megabytes(base, each_second, seconds_of(track_of(wildcards)) if each_second else 0, attempt)

    return mem_mb


def time(base: float, each_second: float):
    """A `runtime` function: so many minutes, and so many seconds for each second of the track."""

    @inspected
    def runtime(wildcards, attempt: int) -> int:
        return minutes(base, each_second * seconds_of(track_of(wildcards)), attempt)

    return runtime


def turn_on_the_gpu() -> dict[str, int]:
    """What jobs that compute on this machine's GPU take turns by: profiles/default has one `local_gpu`.

    On a cluster the scheduler gives each job its own.
    """
    return {"local_gpu": 1} if runs_here() and computes_on_gpu(PLAN.config.device) else {}
