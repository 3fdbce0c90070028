"""Where the keys of earlier versions went."""

from collections.abc import Iterator, Mapping
from typing import Any

MOVED = {
    "generators": "codecs",
}
"""Keys of the whole config, and their places now."""

MOVED_IN_RUNS = {
    "codebook": "generator.codebook",
    "windows": "taggers.windows",
    **{
        key: f"steering.{key}"
        for key in (
            *("objective", "steps", "learning_rate", "learning_rate_unit", "schedule", "patience", "keep"),
            *("precision", "chunk_seconds", "overlap_seconds", "seed", "threads"),
        )
    },
    "fft_sizes": "mask.fft_sizes",
    "mask_against": "mask.compared_with",
    "mask_on": "mask.applied_to",
    "mask_edges": "mask.edges",
    "stem_fft_size": "stem.fft_size",
    "output": "stem.kind",
}
"""Keys of a run, and their places in its groups now."""


def where_old_keys_went(config: Mapping[str, Any]) -> list[str]:
    """A sentence for each key of an earlier version that a config has."""
    told = [f"{old} is now {new}" for old, new in MOVED.items() if old in config]
    runs = config.get("runs")
    for name, run in runs.items() if isinstance(runs, Mapping) else ():
        if isinstance(run, Mapping):
            told += _in_run(f"runs.{name}", run)
    return told


def _in_run(place: str, run: Mapping[str, Any]) -> Iterator[str]:
    """The sentences about a run, for its keys and for values that were no groups."""
    for old, new in MOVED_IN_RUNS.items():
        if old in run:
            yield f"{place}.{old} is now {place}.{new}"
    if isinstance(name := run.get("generator"), str):
        yield f"{place}.generator is a group now: write generator: {{kind: codec, codec: {name}}}"
    if isinstance(names := run.get("taggers"), list):
        yield f"{place}.taggers is a group now: write taggers: {{names: [{', '.join(map(str, names))}]}}"
    if isinstance(mask := run.get("mask"), bool):
        instead = "mask: {kind: ratio}" if mask else "mask: {kind: none} and stem: {kind: steered}"
        yield f"{place}.mask is a group now: write {instead}"
