"""The ready-made runs in `resources/presets.yaml`: TagBox's paper, its code and the examples of its README."""

from functools import cache
from typing import Any

import yaml

from stemsteer.places import RESOURCES


@cache
def presets() -> dict[str, dict[str, Any]]:
    """The settings of each ready-made run that are not the defaults."""
    table: dict[str, dict[str, Any]] = yaml.safe_load((RESOURCES / "presets.yaml").read_text(encoding="utf-8"))
    return table
