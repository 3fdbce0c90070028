"""Where the keys of earlier versions went."""

from collections.abc import Mapping
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


def refuse_old_keys(config: Mapping[str, Any]) -> None:
    """Refuse keys of an earlier version.

    Raises:
        ValueError: a sentence that says where such a key went.
    """
    for old, new in MOVED.items():
        if old in config:
            raise ValueError(f"the key {old} is now {new}")


def refuse_old_run_keys(run: Mapping[str, Any]) -> None:
    """Refuse keys and values of a run of an earlier version.

    Raises:
        ValueError: a sentence that says where they went.
    """
    if told := [f"{old} is now {new}" for old, new in MOVED_IN_RUNS.items() if old in run]:
        raise ValueError(", ".join(told))
    if isinstance(name := run.get("generator"), str):
        raise ValueError(f"generator is a group now: write generator: {{codec: {name}}}")
    if isinstance(names := run.get("taggers"), list):
        raise ValueError(f"taggers is a group now: write taggers: {{names: [{', '.join(map(str, names))}]}}")
    if isinstance(mask := run.get("mask"), bool):
        instead = "mask: {kind: ratio}" if mask else "mask: {kind: none} and stem: {kind: steered}"
        raise ValueError(f"mask is a group now: write {instead}")
