"""What all rules share: the validated config, the tracks, and the names in file paths."""

import re
import sys
from functools import cache

from snakemake.io import contains_wildcard

from stemsteer import METHOD_VERSION
from stemsteer.config import load_config
from stemsteer.errors import UserError
from stemsteer.models import downloadable, look_in, registry
from stemsteer.plan import Plan, make_plan
from stemsteer.resources import ascent_megabytes, ascent_seconds, megabytes, minutes, track_seconds


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


def one_of(names: list[str]) -> str:
    """A pattern that matches these names and nothing else."""
    return "|".join(re.escape(name) for name in names)


onstart:
    # profiles/default says `cores: all`, those of this machine: jobs that run on others are not bound by them.
    if workflow.non_local_exec:
        workflow.resource_settings.cores = None
        workflow.global_resources["_cores"] = None


wildcard_constraints:
    track="[^/]+",
    source=one_of(PLAN.sources),
    run=one_of(list(PLAN.config.runs)),
    generator=one_of(list(PLAN.config.generators)),


def stem_files() -> list[str]:
    """The stems of all runs, tracks and sources."""
    return [f"results/runs/{stem.run}/stems/{stem.track}/{stem.source}{PLAN.stem_suffix}" for stem in PLAN.stems]


def score_files() -> list[str]:
    """The score tables of all stems that have a reference."""
    return [
        f"results/runs/{stem.run}/scores/{stem.track}/{stem.source}.tsv"
        for stem in PLAN.stems
        if stem.source in PLAN.tracks[stem.track].references
    ]


def watched(path: str) -> list[str]:
    """A file of the user's as an input, where Snakemake can have it as one.

    It stops everything at a missing input, and takes {braces} in a name for wildcards. Left out, such a file is read all
    the same by the job that needs it; if it is missing that job fails, and nothing else.
    """
    made_here = Path(path).parts[:2] == ("results", "datasets")
    return [path] if made_here or (Path(path).exists() and not contains_wildcard(path)) else []


def mixture_path(wildcards) -> str:
    return PLAN.tracks[wildcards.track].mixture


def mixture_file(wildcards) -> list[str]:
    return watched(mixture_path(wildcards))


def reference_path(wildcards) -> str:
    return PLAN.tracks[wildcards.track].references[wildcards.source]


def reference_file(wildcards) -> list[str]:
    return watched(reference_path(wildcards))


def excerpt_start(wildcards) -> float:
    return PLAN.tracks[wildcards.track].start


def excerpt_duration(wildcards) -> float | None:
    return PLAN.tracks[wildcards.track].duration


def generator_settings(wildcards) -> dict:
    return PLAN.config.generators[wildcards.generator].model_dump()


def own_checkpoint(wildcards) -> list[str]:
    """The weights of a generator, if they are a file of the user's: another file redoes what came from the last."""
    weights = PLAN.config.generators[wildcards.generator].weights
    return [] if weights in registry() else watched(weights)


def model_links() -> list[str]:
    """Links to the weights that the runs need and that have to be fetched."""
    runs = PLAN.config.runs
    needed = {name for run in runs for name in (PLAN.config.generator_of(run).weights, *runs[run].taggers)}
    return [f"results/models/{model}" for model in downloadable() if model in needed]


def run_settings(wildcards) -> dict:
    """The method settings of a run, for params: a change of any of them redoes the run."""
    return settings_of(wildcards.run)


@cache
def settings_of(run: str) -> dict:
    return PLAN.config.runs[run].model_dump()


def ascent_settings(wildcards) -> dict:
    """All that a run says of its ascents: its settings, its generator, and the taggers whose weights are the user's."""
    return ascent_settings_of(wildcards.run)


@cache
def ascent_settings_of(run: str) -> dict:
    return {
        "run": settings_of(run),
        "generator": PLAN.config.generator_of(run).model_dump(),
        "own_taggers": {name: own.model_dump(mode="json") for name, own in PLAN.config.own_taggers_of(run).items()},
    }


def own_tagger_files(wildcards) -> list[str]:
    """Their files: other weights redo the run."""
    own = PLAN.config.own_taggers_of(wildcards.run).values()
    return [path for tagger in own for path in watched(str(tagger.weights))]


# What one job of ascents is for.
ASCENT = "{run}/{track}/all" if PLAN.config.sources_together else "{run}/{track}/{source}"


def ascent_groups() -> list[tuple[list[str], str]]:
    """The sources that a job of ascents is for, or the wildcard, and a pattern of the tracks to which that applies."""
    if not PLAN.config.sources_together:
        return [(["{source}"], "[^/]+")]
    groups: dict[tuple[str, ...], list[str]] = {}
    for name, track in PLAN.tracks.items():
        groups.setdefault(tuple(track.sources), []).append(name)
    return [(list(sources), one_of(tracks)) for sources, tracks in groups.items()]


def ascent_sources(wildcards) -> list[str]:
    """The sources of one job of ascents."""
    return list(PLAN.tracks[wildcards.track].sources) if PLAN.config.sources_together else [wildcards.source]


def estimate_files(sources: list[str], suffix: str):
    files = [f"results/runs/{{run}}/estimates/{{track}}/{source}{suffix}" for source in sources]
    # Kept where a job runs anew for all sources of a track: one that is asked for later does not redo the others.
    return update(files) if PLAN.config.sources_together else files


def run_threads(wildcards) -> int:
    return PLAN.config.runs[wildcards.run].threads


def run_parts(wildcards) -> tuple[str, str]:
    return PLAN.config.runs[wildcards.run].parts


def quality_of_codes(wildcards) -> str:
    return f"results/codes/{PLAN.config.runs[wildcards.run].generator}/{wildcards.track}.json"


def any_run_needs_reconstruction() -> bool:
    return any(run.needs_reconstruction for run in PLAN.config.runs.values())


def reconstruction_of_run(wildcards) -> list[str]:
    """The reconstruction of a track, where the masks of the run need it."""
    run = PLAN.config.runs[wildcards.run]
    return [f"results/codes/{run.generator}/{wildcards.track}.wav"] if run.needs_reconstruction else []


def seconds_of(wildcards) -> float:
    """The length of a track, as far as it is known by now."""
    return track_seconds(PLAN.tracks[wildcards.track], Path(f"results/audio/{wildcards.track}/model.wav"))


def memory(base: float, each_second: float = 0):
    """A `mem_mb` function: so many MB, and so many for each second of the track."""

    def mem_mb(wildcards, attempt: int) -> int:
        return megabytes(base, each_second, seconds_of(wildcards) if each_second else 0, attempt)

    return mem_mb


def time(base: float, each_second: float):
    """A `runtime` function: so many minutes, and so many seconds for each second of the track."""

    def runtime(wildcards, attempt: int) -> int:
        return minutes(base, each_second * seconds_of(wildcards), attempt)

    return runtime


def set_for(rule: str):
    """The resources that a profile or the command line sets for a rule."""
    return workflow.resource_settings.overwrite_resources.get(rule, {})


def ascends_on_gpu() -> bool:
    """Whether jobs of ascents ask for a GPU."""
    return not {"gpu", "gres", "gpu_model"}.isdisjoint(set_for("ascend"))


def ascent_memory(wildcards, attempt: int) -> int:
    settings = PLAN.config.runs[wildcards.run]
    batch = 1 if PLAN.config.batch == "auto" else PLAN.config.batch
    return megabytes(ascent_megabytes(settings, seconds_of(wildcards), batch), 0, 0, attempt)


def ascent_time(wildcards, attempt: int) -> int:
    settings, sources = PLAN.config.runs[wildcards.run], len(ascent_sources(wildcards))
    return minutes(10, ascent_seconds(settings, seconds_of(wildcards), sources, ascends_on_gpu()), attempt)


def report_memory(wildcards, attempt: int) -> int:
    longest = max(track_seconds(track, Path(track.mixture)) for track in PLAN.tracks.values())
    return megabytes(2000, 10, longest, attempt)


def report_time(wildcards, attempt: int) -> int:
    return minutes(10, 10 * len(PLAN.stems), attempt)
