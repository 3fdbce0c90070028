"""Input and parameter functions of decoding."""

@inspected
def mixture_path(wildcards) -> str:
    return PLAN.tracks[track_of(wildcards)].mixture


def mixture_file(wildcards) -> list[str]:
    return made_here(mixture_path(wildcards))


@inspected
def mixture_content(wildcards) -> str:
    return content_of(mixture_path(wildcards))


def reference_path(wildcards) -> str:
    return PLAN.tracks[track_of(wildcards)].references[source_of(wildcards)]


def reference_file(wildcards) -> list[str]:
    return made_here(reference_path(wildcards))


@inspected
def reference_content(wildcards) -> str:
    return content_of(reference_path(wildcards))


@inspected
def excerpt_start(wildcards) -> float:
    return PLAN.tracks[track_of(wildcards)].start


@inspected
def excerpt_duration(wildcards) -> float | None:
    return PLAN.tracks[track_of(wildcards)].duration
