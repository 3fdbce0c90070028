"""Input and parameter functions of decoding."""

@inspected
def mixture_path(wildcards) -> str:
    return PLAN.tracks[track_of(wildcards)].mixture


def mixture_file(wildcards) -> list[str]:
    return watched(mixture_path(wildcards))


def reference_path(wildcards) -> str:
    return PLAN.tracks[track_of(wildcards)].references[source_of(wildcards)]


def reference_file(wildcards) -> list[str]:
    return watched(reference_path(wildcards))


@inspected
def excerpt_start(wildcards) -> float:
    return PLAN.tracks[track_of(wildcards)].start


@inspected
def excerpt_duration(wildcards) -> float | None:
    return PLAN.tracks[track_of(wildcards)].duration
