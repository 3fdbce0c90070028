"""Input and parameter functions of the paper's figures."""

from stemsteer.scores import published


def scored_music(wildcards) -> str:
    """What the scores are of: a function, because Snakemake looks for wildcards in text that is not from one."""
    return published.described(PLAN.config.tracks, [track.duration for track in PLAN.tracks.values()])
