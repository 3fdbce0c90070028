"""What the slugs in the paths of a running workflow stand for."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from stemsteer.errors import UserError
from stemsteer.names import slug
from stemsteer.report.written_plan import WrittenPlan

PLAN = Path("results/plan.json")


def true_names(wildcards: Mapping[str, str]) -> dict[str, str]:
    """The names that wildcards stand for, those of the plan of the working directory; others stay as they are."""
    try:
        known = _by_slug(PLAN.absolute(), PLAN.stat().st_mtime_ns)
    except (OSError, UserError):  # it is not yet written
        known = {}
    return {kind: known.get(kind, {}).get(name, name) for kind, name in wildcards.items()}


@lru_cache(maxsize=1)
def _by_slug(plan: Path, modified: int) -> dict[str, dict[str, str]]:
    """By the kind of wildcard; `modified` is when the plan was."""
    written = WrittenPlan.read(plan)
    sources = {source for track in written.tracks for source in track["sources"]}
    names = {"track": [track["track"] for track in written.tracks], "run": written.runs, "source": sources}
    return {kind: {slug(name): name for name in of_kind} for kind, of_kind in names.items()}
