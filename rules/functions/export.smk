"""Input and parameter functions of exports."""

from stemsteer.jobs.planned import exported
from stemsteer.stages.export import forget_incomplete


def export_records() -> list[str]:
    """The records of the exports of all runs and tracks."""
    return [str(LAYOUT.export(run, track).last[0]) for run, track in exported(PLAN)]


@inspected
def exported_sources(wildcards) -> list[str]:
    return PLAN.sources_of(run_of(wildcards), track_of(wildcards))


@inspected
def exported_files(wildcards) -> dict[str, str]:
    """Where the stems of a job go, by source."""
    files = PLAN.export_names.files(run_of(wildcards), track_of(wildcards), exported_sources(wildcards))
    return {source: str(path) for source, path in files.items()}


def stems_to_export(file: Callable[[str, str, str], Path]):
    """The files of a kind of all stems that a job exports."""

    @inspected
    def of_job(wildcards) -> list[str]:
        run, track = run_of(wildcards), track_of(wildcards)
        return [str(file(run, track, source)) for source in exported_sources(wildcards)]

    return of_job


@inspected
def other_to_export(wildcards) -> list[str]:
    """What is left of the mixture, where it lies beside a single stem."""
    sources = exported_sources(wildcards)
    return [str(LAYOUT.other(run_of(wildcards), track_of(wildcards), *sources))] if len(sources) == 1 else []


@inspected
def export_time(wildcards, attempt: int) -> int:
    return minutes(5, 0.1 * seconds_of(track_of(wildcards)) * len(exported_sources(wildcards)), attempt)
