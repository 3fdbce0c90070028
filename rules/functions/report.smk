"""Input and parameter functions of the report."""


def report_memory(wildcards, attempt: int) -> int:
    return megabytes(2000, 10, max(map(seconds_of, PLAN.tracks)), attempt)


def report_time(wildcards, attempt: int) -> int:
    return minutes(10, 10 * len(PLAN.stems), attempt)


def stems_folder() -> str:
    """Where users find the stems."""
    return PLAN.config.export.folder if PLAN.config.export else "results/runs/*/stems"
