"""What all rules share: the validated config, the tracks, and the names in file paths."""

import csv
import inspect
import re
import sys
import tempfile
from collections.abc import Callable
from functools import cache

from snakemake.io import contains_wildcard

from stemsteer import METHOD_VERSION
from stemsteer.settings.config import load_config
from stemsteer.errors import UserError
from stemsteer.models.registry import downloadable, published_digest, registry
from stemsteer.models.weights import look_in
from stemsteer.settings.plan import Plan, make_plan
from stemsteer.jobs.resources import (
    ascent_megabytes,
    ascent_seconds,
    computes_on_gpu,
    megabytes,
    minutes,
    track_seconds,
)
from stemsteer.settings.tracks import find_place, is_made_here


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


def inspected(function: Callable) -> Callable:
    """A function of thousands of jobs: Snakemake inspects its signature for each, which takes longer than the call."""
    function.__signature__ = inspect.signature(function)
    return function


def by_run(value: Callable[[str], object]):
    """What runs differ in: a function of the wildcards, or the value itself if all runs agree, which is faster."""
    values = [value(run) for run in PLAN.config.runs]
    if all(other == values[0] for other in values):
        return values[0]

    @inspected
    def of_run(wildcards):
        return value(wildcards.run)

    return of_run


# What each baseline does, and the settings of the codec that it is about.
BASELINES = {
    name: (method, PLAN.config.codecs[codec].model_dump() if codec else None)
    for name, (method, codec) in PLAN.config.baseline_runs.items()
}


def one_of(names: list[str]) -> str:
    """A pattern that matches these names and nothing else."""
    return "|".join(re.escape(name) for name in names)


onstart:
    # profiles/default says `cores: all`, those of this machine: jobs that run on others are not bound by them.
    if workflow.non_local_exec:
        workflow.resource_settings.cores = None
        workflow.global_resources["_cores"] = None
    # Its limit of jobs in a timespan lets Snakemake (9.27) look for new jobs once a second for each job that has ended,
    # until that is all it does. Jobs that take seconds do not need the default one, 100 a second.
    limit = workflow.scheduler.job_rate_limiter
    if limit and (limit.max_jobs, limit.timespan) == (100, 1):
        workflow.scheduler.job_rate_limiter = None


wildcard_constraints:
    track="[^/]+",
    source=one_of(PLAN.sources),
    run=one_of(list(PLAN.config.runs)),
    codec=one_of(list(PLAN.config.codecs)),


def stem_files() -> list[str]:
    """The stems of all runs, tracks and sources."""
    return [f"results/runs/{stem.run}/stems/{stem.track}/{stem.source}{PLAN.stem_suffix}" for stem in PLAN.stems]


def score_files() -> list[str]:
    """The score tables of all stems that have a reference."""
    scored = [stem for stem in PLAN.stems if stem.source in PLAN.tracks[stem.track].references]
    scored += PLAN.baseline_stems + PLAN.peer_stems
    return [f"results/runs/{stem.run}/scores/{stem.track}/{stem.source}.tsv" for stem in scored]


def stored_scores(wildcards) -> str:
    """The table of scores that `snakemake verify` compares with."""
    if PLAN.config.verify.table is None:
        sys.exit("error: config: verify.table is not set; give the table of scores to compare with")
    return str(find_place(Path(PLAN.config.verify.table)))


def watched(path: str) -> list[str]:
    """A file of the user's as an input, where Snakemake can have it as one.

    It stops everything at a missing input, and takes {braces} in a name for wildcards. Left out, such a file is read all
    the same by the job that needs it; if it is missing that job fails, and nothing else.
    """
    return [path] if is_made_here(path) or (Path(path).exists() and not contains_wildcard(path)) else []


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


def codec_weights(wildcards) -> dict:
    return PLAN.config.codecs[wildcards.codec].model_dump()


def published_checkpoint(wildcards) -> str | None:
    """What tells a codec's weights, if they are published ones, from earlier ones of their name."""
    return published_digest(PLAN.config.codecs[wildcards.codec].weights)


def own_checkpoint(wildcards) -> list[str]:
    """The weights of a codec, if they are a file of the user's: another file redoes what came from the last."""
    weights = PLAN.config.codecs[wildcards.codec].weights
    return [] if weights in registry() else watched(weights)


def steered_weights() -> list[str]:
    """The weights of all codecs that runs steer."""
    return sorted({PLAN.config.codecs[codec].weights for codec in PLAN.config.steered_codecs})


def own_checkpoints() -> list[str]:
    """The weights of all codecs that runs steer, as far as they are files of the user's."""
    return [path for weights in steered_weights() if weights not in registry() for path in watched(weights)]


def published_checkpoints() -> list[str | None]:
    """What tells the weights that runs steer from earlier ones of their names; nothing for each file of the user's."""
    return [published_digest(weights) for weights in steered_weights()]


def peer_settings(wildcards) -> dict:
    return PLAN.config.peers[wildcards.peer].model_dump(mode="json")


def peer_files(wildcards) -> list[str]:
    """The weights of a peer: other ones redo what came from the last."""
    files = sorted(PLAN.config.peers[wildcards.peer].weights.iterdir())
    return [path for file in files if file.is_file() for path in watched(str(file))]


def model_links() -> list[str]:
    """Links to the weights that the runs need and that have to be fetched."""
    needed = {tagger for run in PLAN.config.runs.values() for tagger in run.taggers.names}
    needed |= {*steered_weights(), PLAN.config.chosen_judge}
    return [f"results/models/{model}" for model in downloadable() if model in needed]


def group_of(name: str):
    """A group of settings of each run, as a parameter of its jobs."""

    def group(run: str) -> dict:
        return getattr(PLAN.config.runs[run], name).model_dump(mode="json")

    return by_run(cache(group))


@cache
def codec_of(run: str) -> dict | None:
    """The weights of the codec that a run steers."""
    codec = PLAN.config.codec_of(run)
    return codec and codec.model_dump()


@cache
def published_codec_of(run: str) -> str | None:
    """What tells the weights of that codec, if they are published ones, from earlier ones of their name."""
    codec = PLAN.config.codec_of(run)
    return codec and published_digest(codec.weights)


@cache
def own_taggers_of(run: str) -> dict:
    """The taggers of a run whose weights are the user's."""
    return {name: own.model_dump(mode="json") for name, own in PLAN.config.own_taggers_of(run).items()}


def prompted_sources(wildcards) -> list[str]:
    """The sources that are labels of the run's prompt taggers."""
    return PLAN.prompted_sources(wildcards.run, wildcards.track)


def own_tagger_files(wildcards) -> list[str]:
    """Their files: other weights redo the run."""
    own = PLAN.config.own_taggers_of(wildcards.run).values()
    return [path for tagger in own for path in watched(str(tagger.weights))]


# What one job of ascents is for.
ASCENT = "{run}/{track}/all" if PLAN.config.sources_together else "{run}/{track}/{source}"


def ascent_groups() -> list[tuple[list[str], str, str]]:
    """The sources that a job of ascents is for, or the wildcard, and patterns of the runs and tracks that it is for."""
    if not PLAN.config.sources_together:
        return [(["{source}"], one_of(list(PLAN.config.runs)), "[^/]+")]
    tracks: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for run in PLAN.config.runs:
        for track in PLAN.tracks:
            tracks.setdefault((run, tuple(PLAN.sources_of(run, track))), []).append(track)
    runs: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for (run, sources), those in tracks.items():
        runs.setdefault((sources, tuple(those)), []).append(run)
    return [(list(sources), one_of(those), one_of(list(of))) for (sources, of), those in runs.items() if sources]


def estimate_files(sources: list[str], suffix: str):
    files = [f"results/runs/{{run}}/estimates/{{track}}/{source}{suffix}" for source in sources]
    # Kept where a job runs anew for all sources of a track: one that is asked for later does not redo the others.
    return update(files) if PLAN.config.sources_together else files


def threads_of(run: str) -> int:
    return PLAN.config.runs[run].steering.threads


def parts_of(run: str) -> tuple[str, str]:
    return PLAN.config.runs[run].parts


@inspected
def quality_of_codes(wildcards) -> list[str]:
    """How well its codes reproduce a track, where the run steers a codec."""
    codec = PLAN.config.runs[wildcards.run].codec
    return [f"results/codes/{codec}/{wildcards.track}.json"] if codec else []


def any_run_needs_reconstruction() -> bool:
    return any(run.needs_reconstruction for run in PLAN.config.runs.values())


def reconstruction_of_run(wildcards) -> list[str]:
    """The reconstruction of a track, where the masks of the run need it."""
    run = PLAN.config.runs[wildcards.run]
    return [f"results/codes/{run.codec}/{wildcards.track}.wav"] if run.needs_reconstruction else []


def seconds_of(track: str) -> float:
    """The length of a track, as far as it is known by now."""
    return track_seconds(PLAN.tracks[track], f"results/audio/{track}/mono.wav")


def memory(base: float, each_second: float = 0):
    """A `mem_mb` function: so many MB, and so many for each second of the track."""

    @inspected
    def mem_mb(wildcards, attempt: int) -> int:
        return megabytes(base, each_second, seconds_of(wildcards.track) if each_second else 0, attempt)

    return mem_mb


def time(base: float, each_second: float):
    """A `runtime` function: so many minutes, and so many seconds for each second of the track."""

    @inspected
    def runtime(wildcards, attempt: int) -> int:
        return minutes(base, each_second * seconds_of(wildcards.track), attempt)

    return runtime


def system_tmpdir() -> dict[str, str]:
    """Snakemake's own default of `tmpdir` as a plain value, unless another default is set.

    It is an expression, which takes longer for each job of a rule than all else that the rule says of its resources.
    """
    given = workflow.resource_settings.default_resources
    if given is not None and given["tmpdir"].raw != "system_tmpdir":
        return {}
    return {"tmpdir": tempfile.gettempdir()}


def turn_on_the_gpu() -> dict[str, int]:
    """What jobs that compute on this machine's GPU take turns by: profiles/default has one `local_gpu`.

    On a cluster the scheduler gives each job its own.
    """
    return {"local_gpu": 1} if workflow.local_exec and computes_on_gpu(PLAN.config.device) else {}


def set_for(rule: str):
    """The resources that a profile or the command line sets for a rule."""
    return workflow.resource_settings.overwrite_resources.get(rule, {})


def ascends_on_gpu() -> bool:
    """Whether jobs of ascents ask for a GPU."""
    return not {"gpu", "gres", "gpu_model"}.isdisjoint(set_for("steer"))


@inspected
def ascent_memory(wildcards, attempt: int) -> int:
    settings = PLAN.config.runs[wildcards.run]
    batch = 1 if PLAN.config.batch == "auto" else PLAN.config.batch
    return megabytes(ascent_megabytes(settings, seconds_of(wildcards.track), batch), 0, 0, attempt)


@inspected
def ascent_time(wildcards, attempt: int) -> int:
    settings = PLAN.config.runs[wildcards.run]
    sources = len(PLAN.sources_of(wildcards.run, wildcards.track)) if PLAN.config.sources_together else 1
    return minutes(10, ascent_seconds(settings, seconds_of(wildcards.track), sources, ascends_on_gpu()), attempt)


def report_memory(wildcards, attempt: int) -> int:
    return megabytes(2000, 10, max(map(seconds_of, PLAN.tracks)), attempt)


def report_time(wildcards, attempt: int) -> int:
    return minutes(10, 10 * len(PLAN.stems), attempt)


CODEC_RESOURCES = Path(workflow.basedir) / "resources/codec"
CODEC_PARTS = ["music", "held_out"]


def codec_packages(part: str) -> list[str]:
    """The Debian packages of the codec's training music, or of that which is kept out of it."""
    with (CODEC_RESOURCES / f"{part}.tsv").open(encoding="utf-8", newline="") as table:
        return sorted({row["package"] for row in csv.DictReader(table, dialect="excel-tab")})


def codec_music_files(part: str) -> list[str]:
    return expand("results/codec/{part}/{package}.npy", part=part, package=codec_packages(part))


def codec_settings(wildcards) -> dict:
    return PLAN.config.codec_training[wildcards.size].model_dump()


def codec_threads(wildcards) -> int:
    return PLAN.config.codec_training[wildcards.size].threads
