"""Where the stems come from: what their records say, each distinct value once with the number of stems that say it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from stemsteer.jobs.provenance import SCORING
from stemsteer.models.registry import registry
from stemsteer.report.collect import Collection

SCORED_WITH = ("python", SCORING, "numpy", "scipy", "torch")
"""What scores depend on."""

Origins = dict[str, list[tuple[str, int]]]
"""Distinct values, each with the number of records that hold it, by what they are values of."""


def origins(collection: Collection) -> Origins:
    """What the records of all stems (or of their estimates, where there is no stem yet) say of their making.

    Those of baselines and peers are among them. What only scores depend on is left to the records of the scores.
    """
    counted: dict[str, Counter[str]] = {}
    for record in (*(stem.record for stem in collection.stems), *collection.records_of_baselines):
        for name, value in _facts(record):
            counted.setdefault(name, Counter())[value] += 1
    return {name: counts.most_common() for name, counts in counted.items()}


def of_the_scores(collection: Collection) -> list[tuple[str, int]]:
    """Versions of what scored the stems, each distinct set once with the number of stems that it scored."""
    records = [record["versions"] for record in collection.records_of_scores if "versions" in record]
    texts = (", ".join(f"{name} {known[name]}" for name in SCORED_WITH if name in known) for known in records)
    return Counter(texts).most_common()


def of_the_judges(judges: Sequence[str]) -> str:
    """The taggers that judge the stems, and the hashes of their published weights."""
    models = registry()
    told = (f"{judge}, weights {models[judge].sha256 or models[judge].git_blob}" for judge in judges)
    return "; ".join(told) or "none"


def _facts(record: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Names and values of one record, as far as they are there."""
    made = record.get("method", record.get("ascent", record))
    settings = made.get("settings", {})
    known = record.get("versions", {}).items()
    yield from _known((f"Version of {name}", version) for name, version in known if name != SCORING)
    yield from _known(
        {
            "Platform": record.get("platform"),
            "Device": made.get("device"),
            "Seed": settings.get("steering", {}).get("seed"),
        }.items()
    )
    generator = settings.get("generator", {}).get("codec", "the generator")
    if "method" in record:
        generator = made.get("generator", {}).get("weights")
    yield from _known([(f"Weights of {generator}", made.get("generator_sha256"))])
    yield from _known(
        (f"Weights of {tagger}", facts.get("sha256")) for tagger, facts in made.get("taggers", {}).items()
    )
    files = made.get("weights_sha256", {}).items()
    yield from _known((f"Weights of {record.get('run')}, {file}", digest) for file, digest in files)


def _known(facts: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, str]]:
    return ((name, str(value)) for name, value in facts if value is not None)
