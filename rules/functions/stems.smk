"""Input and parameter functions of stems."""


def any_run_needs_reconstruction() -> bool:
    return any(run.needs_reconstruction for run in PLAN.config.runs.values())


def reconstruction_of_run(wildcards) -> list[str]:
    """The reconstruction of a track, where the masks of the run need it."""
    run = PLAN.config.runs[run_of(wildcards)]
    return [str(LAYOUT.codes(run.codec, track_of(wildcards), ".wav"))] if run.needs_reconstruction else []


def stem_files_of(sources: list[str], suffix: str) -> list[str]:
    """The files of stems of the sources (slugs) of a job."""
    return [f"results/runs/{{run}}/stems/{{track}}/{source}{suffix}" for source in sources]


@inspected
def stems_time(wildcards, attempt: int) -> int:
    return minutes(5, 0.2 * seconds_of(track_of(wildcards)) * len(sources_of_job(wildcards)), attempt)
