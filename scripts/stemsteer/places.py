"""Where StemSteer's own files lie: those that ship with it, and the cache.

In a checkout the shipped files lie at its top. An installed wheel has them inside the package, in `shipped/`, where
hatch_build.py puts them.
"""

import os
from importlib.resources import files
from pathlib import Path


def _home() -> Path:
    """The folder that holds the Snakefile, `rules/`, `resources/` and all else that ships."""
    package = Path(str(files("stemsteer"))).resolve()
    shipped = package / "shipped"
    return shipped if shipped.is_dir() else package.parent.parent


HOME = _home()
SNAKEFILE = HOME / "Snakefile"
PROFILES = HOME / "profiles"
"""Snakemake's settings for this machine (`default`) and for clusters (`slurm`)."""
RESOURCES = HOME / "resources"
"""Model registry, presets, sources, vocabularies, the embedded codecs and the demo's table of tracks."""
REPORT_TEMPLATES = HOME / "report"
"""Templates, script and style sheet of the report's page, and the captions of Snakemake's own report."""


def cache_folder() -> Path:
    """The folder for fetched models and tools: `$XDG_CACHE_HOME/stemsteer`, by default `~/.cache/stemsteer`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "stemsteer"
