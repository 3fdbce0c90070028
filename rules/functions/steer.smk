"""Input and parameter functions of steering."""

from stemsteer.jobs.resources import steering_megabytes, steering_seconds


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


def own_tagger_files(wildcards) -> list[str]:
    """Their files: other weights redo the run."""
    own = PLAN.config.own_taggers_of(run_of(wildcards)).values()
    return [path for tagger in own for path in watched(str(tagger.weights))]


def signal_to_steer():
    """What runs steer: the mixture where they need its parts, else its mono signal."""

    @cache
    def file_of(run: str) -> str:
        return "mixture.wav" if PLAN.config.runs[run].steering.needs_parts else "mono.wav"

    @inspected
    def signal_of_run(wildcards) -> str:
        return f"results/audio/{wildcards.track}/{file_of(run_of(wildcards))}"

    files = {file_of(run) for run in PLAN.config.runs}
    # Snakemake takes long over each function, where there are thousands of jobs.
    return signal_of_run if len(files) > 1 else f"results/audio/{{track}}/{files.pop()}"


@inspected
def quality_of_codes(wildcards) -> list[str]:
    """How well its codes reproduce a track, where the run steers a codec."""
    codec = PLAN.config.runs[run_of(wildcards)].codec
    return [f"results/codes/{slug(codec)}/{wildcards.track}.json"] if codec else []


@inspected
def prompted_sources(wildcards) -> list[str]:
    """The sources that are labels of the run's prompt taggers."""
    return PLAN.prompted_sources(run_of(wildcards), track_of(wildcards))


@inspected
def sources_of_job(wildcards) -> list[str]:
    """The sources that a job steers its track to, in the order of its outputs."""
    if PLAN.config.steers_sources_together:
        return PLAN.sources_of(run_of(wildcards), track_of(wildcards))
    return [source_of(wildcards)]


@inspected
def own_sources_of_job(wildcards) -> dict:
    """The tags of those sources that are the user's own."""
    return own_among(sources_of_job(wildcards))


def steering_groups() -> list[tuple[list[str], str, str]]:
    """The sources (slugs) that a job steers to, or the wildcard, and patterns of the runs and tracks that it is for."""
    if not PLAN.config.steers_sources_together:
        return [(["{source}"], one_of(PLAN.names.runs), ANY_TRACK)]
    tracks: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for run in PLAN.config.runs:
        for track in PLAN.tracks:
            tracks.setdefault((slug(run), tuple(PLAN.sources_of(run, track))), []).append(slug(track))
    runs: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for (run, sources), those in tracks.items():
        runs.setdefault((sources, tuple(those)), []).append(run)
    return [
        ([slug(source) for source in sources], one_of(those), one_of(of))
        for (sources, of), those in runs.items()
        if sources
    ]


def estimate_files(sources: list[str], suffix: str):
    files = [f"results/runs/{{run}}/estimates/{{track}}/{source}{suffix}" for source in sources]
    # Kept where a job runs anew for all sources of a track: one that is asked for later does not redo the others.
    return update(files) if PLAN.config.steers_sources_together else files


def threads_of(run: str) -> int:
    return PLAN.config.runs[run].steering.threads


def steers_on_gpu() -> bool:
    """Whether jobs that steer ask for a GPU."""
    return not {"gpu", "gres", "gpu_model"}.isdisjoint(set_for("steer"))


@inspected
def steering_memory(wildcards, attempt: int) -> int:
    settings = PLAN.config.runs[run_of(wildcards)]
    batch = 1 if PLAN.config.batch == "auto" else PLAN.config.batch
    return megabytes(steering_megabytes(settings, seconds_of(track_of(wildcards)), batch), 0, 0, attempt)


@inspected
def steering_time(wildcards, attempt: int) -> int:
    settings, seconds = PLAN.config.runs[run_of(wildcards)], seconds_of(track_of(wildcards))
    return minutes(10, steering_seconds(settings, seconds, len(sources_of_job(wildcards)), steers_on_gpu()), attempt)
