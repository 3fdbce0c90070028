"""Objectives: from tag logits to the loss that a steering lowers.

A new one is a file beside this and a line in `OBJECTIVES`.
"""

from collections.abc import Callable
from typing import Any

from stemsteer.registries import Registry

OBJECTIVES: Registry[Callable[..., Any]] = Registry(
    {"cross-entropy": "stemsteer.steering.objectives.cross_entropy:cross_entropy"}
)
