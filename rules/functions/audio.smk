"""Input and parameter functions of decoding."""

@inspected
def mixture_path(wildcards) -> str:
    return PLAN.tracks[track_of(wildcards)].mixture


def mixture_file(wildcards) -> list[str]:
    return made_here(mixture_path(wildcards))


@inspected
def mixture_content(wildcards) -> str:
    return content_of(mixture_path(wildcards))


@inspected
def chosen_stream(wildcards) -> int | None:
    """The number of the audio stream of a mixture, where the table has one."""
    return PLAN.tracks[track_of(wildcards)].stream


# Snakemake takes long over each function, where there are thousands of jobs.
STREAM = chosen_stream if any(track.stream for track in PLAN.tracks.values()) else None


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
