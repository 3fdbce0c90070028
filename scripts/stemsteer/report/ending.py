"""What a workflow that did not end well has come to, on one screen: what failed and why, and where the rest lies."""

from collections.abc import Iterator
from pathlib import Path

from stemsteer.report.collect import Collection
from stemsteer.report.failures import Failure
from stemsteer.report.written_plan import WrittenPlan

SHOWN = 20
"""Failures that are told."""


def ending(plan: WrittenPlan, since: float, stems: str, page: Path) -> Iterator[str]:
    """The lines.

    Args:
        plan: of the workflow.
        since: when it began, in seconds since 1970: what failed before and was not tried again is no news.
        stems: where they lie.
        page: the report.
    """
    collection = Collection(plan)
    failures = [failure for failure in collection.failures if _is_of_this_run(failure, since)]
    for failure in failures[:SHOWN]:
        yield f"{', '.join(failure.job.wildcards)}: {failure.headline}: {failure.sentence}"
    if len(failures) > SHOWN:
        yield f"and {len(failures) - SHOWN:,} more"
    wanted = list(collection.stems)
    made = sum(stem.stem is not None for stem in wanted)
    yield f"{made:,} of {len(wanted):,} stems are there, in {stems}"
    if page.exists():
        yield f"the report, with all that is missing and why: {page}"


def _is_of_this_run(failure: Failure, since: float) -> bool:
    log = failure.job.log
    return log.exists() and log.stat().st_mtime >= since
