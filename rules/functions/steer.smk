"""Input and parameter functions of steering."""

from stemsteer.jobs.resources import steering_megabytes, steering_seconds, workers_for


@cache
def codec_of(run: str) -> dict | None:
    """The weights of the codec that a run steers."""
    codec = PLAN.config.codec_of(run)
    return codec and codec.model_dump()


@cache
def content_of_codec_of(run: str) -> str | None:
    """What tells the weights of that codec from earlier ones of their name."""
    codec = PLAN.config.codec_of(run)
    return codec and content_of_weights(codec.weights)


@cache
def own_taggers_of(run: str) -> dict:
    """The taggers of a run whose weights are the user's."""
    return {name: own.model_dump(mode="json") for name, own in PLAN.config.own_taggers_of(run).items()}


@cache
def content_of_own_taggers(run: str) -> list[str]:
    """What is in their files: other weights redo the run."""
    taggers = PLAN.config.own_taggers_of(run).values()
    return [CONTENTS.of_weights(str(file)) for tagger in taggers for file in tagger.files]


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
    """The tags of those sources, and of their competitors, that are the user's own."""
    competitors = PLAN.config.runs[run_of(wildcards)].steering.competitors
    return own_among([*sources_of_job(wildcards), *competitors])


def steering_groups() -> list[tuple[list[str], str, str, bool]]:
    """What the jobs that steer have in common, for each group of them.

    The sources (slugs) that a job is for, or the wildcard; patterns of its runs and tracks; and whether their steered
    signals are kept.
    """
    if not PLAN.config.steers_sources_together:
        return [(["{source}"], one_of(PLAN.names.runs), ANY_TRACK, True)]
    tracks: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for run in PLAN.config.runs:
        for track in PLAN.tracks:
            tracks.setdefault((run, tuple(PLAN.sources_of(run, track))), []).append(slug(track))
    runs: dict[tuple[tuple[str, ...], tuple[str, ...], bool], list[str]] = {}
    for (run, sources), those in tracks.items():
        runs.setdefault((sources, tuple(those), PLAN.config.keeps_estimates(run)), []).append(slug(run))
    # Snakemake takes long over a pattern of thousands of names.
    alike = len(runs) == 1
    return [
        ([slug(source) for source in sources], one_of(those), ANY_TRACK if alike else one_of(of), kept)
        for (sources, of, kept), those in runs.items()
        if sources
    ]


def estimate_files(sources: list[str], suffix: str) -> list[str]:
    """The files of estimates of the sources (slugs) of a job."""
    return [f"results/runs/{{run}}/estimates/{{track}}/{source}{suffix}" for source in sources]


def steered_files(sources: list[str], kept: bool):
    """The steered signals of a job, as outputs. Those that are soon made again go when the stems are there."""
    files = estimate_files(sources, ".wav")
    return updated(files) if kept else temp(files)


def updated(files: list[str]):
    """Outputs that are kept where a job runs anew for all sources of a track: one asked for later redoes no others."""
    return update(files) if PLAN.config.steers_sources_together else files


@cache
def workers() -> int:
    """How many chunks a job steers at the same time, each with the threads of its run."""
    if PLAN.config.workers != "auto":
        return PLAN.config.workers
    jobs = sum(1 for _ in steered(PLAN))
    return workers_for(jobs, cores_here() if not steers_on_gpu() else 1)


def threads_of(run: str) -> int:
    return PLAN.config.runs[run].steering.threads * workers()


def steers_on_gpu() -> bool:
    """Whether jobs that steer ask for a GPU."""
    return not {"gpu", "gres", "gpu_model"}.isdisjoint(set_for("steer"))


@inspected
def steering_memory(wildcards, attempt: int) -> int:
    settings = PLAN.config.runs[run_of(wildcards)]
    batch = 1 if PLAN.config.batch == "auto" else PLAN.config.batch
    return megabytes(steering_megabytes(settings, seconds_of(track_of(wildcards)), batch, workers()), 0, 0, attempt)


@inspected
def steering_time(wildcards, attempt: int) -> int:
    settings, seconds = PLAN.config.runs[run_of(wildcards)], seconds_of(track_of(wildcards))
    sources = len(sources_of_job(wildcards))
    return minutes(10, steering_seconds(settings, seconds, sources, steers_on_gpu(), workers()), attempt)
