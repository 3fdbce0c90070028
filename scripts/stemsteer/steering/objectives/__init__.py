"""Objectives: from what the taggers heard to a loss for each source, which a steering lowers.

A new one is a file beside this one with a function `(heard: Heard) -> Tensor` `[sources]`, and a line in `OBJECTIVES`.
Here are the objectives of steerings whose sources are independent: the loss of a source may depend only on what was
heard of that source, because the sources in `heard` can be those of several chunks, or not all of a chunk's.
"""

from collections.abc import Callable
from typing import Any

from stemsteer.registries import Registry

OBJECTIVES: Registry[Callable[..., Any]] = Registry(
    {"cross-entropy": "stemsteer.steering.objectives.cross_entropy:cross_entropy"}
)
