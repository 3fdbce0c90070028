"""Where files of StemSteer's own lie: what ships with it, and what it keeps for later."""

import os
from pathlib import Path

RESOURCES = Path(__file__).resolve().parents[2] / "resources"
"""The files that ship with StemSteer."""


def cache_folder() -> Path:
    """Where fetched models and tools are kept: `$XDG_CACHE_HOME/stemsteer`, by default `~/.cache/stemsteer`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "stemsteer"
