"""Where the stems come from: what their records say, each distinct value once with the number of stems that say it."""

import importlib.metadata
import platform
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from stemsteer.models import registry
from stemsteer.report.collect import Collection

Origins = dict[str, list[tuple[str, int]]]
"""Distinct values, each with the number of records that hold it, by what they are values of."""


def origins(collection: Collection) -> Origins:
    """What the records of all stems (or of their ascents, where there is no stem yet) say of their making."""
    counted: dict[str, Counter[str]] = {}
    for record in (stem.record for stem in collection.stems if stem.record):
        for name, value in _facts(record):
            counted.setdefault(name, Counter())[value] += 1
    return {name: counts.most_common() for name, counts in counted.items()}


def of_the_scores() -> dict[str, str]:
    """Versions of what scores the stems, as far as they are in the environment in which the report is written."""
    packages = {package: importlib.metadata.version(package) for package in ("museval", "numpy", "scipy")}
    return {"python": platform.python_version(), **packages}


def of_the_judge(judge: str | None) -> str:
    """The tagger that judges the stems, and the hash of its published weights."""
    if judge is None:
        return "none"
    model = registry()[judge]
    return f"{judge}, weights {model.sha256 or model.git_blob}"


def _facts(record: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Names and values of one record, as far as they are there."""
    ascent = record.get("ascent", record)
    settings = ascent.get("settings", {})
    yield from _known((f"Version of {name}", version) for name, version in record.get("versions", {}).items())
    yield from _known(
        {"Platform": record.get("platform"), "Device": ascent.get("device"), "Seed": settings.get("seed")}.items()
    )
    yield from _known([(f"Weights of {settings.get('generator', 'the generator')}", ascent.get("generator_sha256"))])
    yield from _known(
        (f"Weights of {tagger}", facts.get("sha256")) for tagger, facts in ascent.get("taggers", {}).items()
    )


def _known(facts: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, str]]:
    return ((name, str(value)) for name, value in facts if value is not None)
