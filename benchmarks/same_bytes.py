"""Compare what two versions of StemSteer made of the same tracks and runs, file by file.

    python benchmarks/same_bytes.py OLD/results NEW/results

Estimates, stems, scores and tables have to be the same bytes. Records (JSON) have to say the same, apart from times,
settings, versions and the places of files. Prints a line for each difference and the number of files of each kind; the
exit status is 1 where something differs or is missing.

Folders are found by the names of runs, tracks and sources in the old results/plan.json: they are called by these names
or by their slugs.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

from stemsteer.names import slug

TABLES = ("scores.tsv", "summary.tsv", "comparisons.tsv")
FREE_TO_DIFFER = {
    "seconds",
    "steps_per_second",
    "settings",
    "key",
    "versions",
    "platform",
    "resumed_at",
    "path",
    "codec",
}
"""Keys of records: times, settings that may have been renamed, and places."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", type=Path, help="results of one version")
    parser.add_argument("new", type=Path, help="results of the other version")
    arguments = parser.parse_args()
    compared: Counter[str] = Counter()
    differences = 0
    for kind, old, new in pairs(arguments.old, arguments.new):
        compared[kind] += 1
        for difference in differences_between(old, new):
            differences += 1
            print(f"{new}: {difference}")
    print("compared:", ", ".join(f"{number} {kind}" for kind, number in compared.items()))
    print(f"{differences} differences")
    return int(differences > 0)


def pairs(old: Path, new: Path) -> Iterator[tuple[str, Path, Path]]:
    """Every file of the old results that matters, with its kind and its place in the new results."""
    plan = json.loads((old / "plan.json").read_text(encoding="utf-8"))
    for table in TABLES:
        if (old / table).exists():
            yield "tables", old / table, new / table
    runs = [*plan["runs"], *plan["baselines"]]
    for run, track, folder in product(runs, plan["tracks"], ("estimates", "stems", "scores")):
        place = found(found(old / "runs", run) / folder, track["track"])
        other = found(found(new / "runs", run) / folder, track["track"])
        for source in track["sources"]:
            for file in sorted(place.glob(f"{name_in(place, source)}.*")):
                suffix = file.name.removeprefix(name_in(place, source))
                yield f"{folder} ({file.suffix[1:]})", file, other / f"{name_in(other, source)}{suffix}"


def found(folder: Path, name: str) -> Path:
    """The folder of a run or a track: called by its name or by its slug."""
    return folder / name if (folder / name).exists() else folder / slug(name)


def name_in(folder: Path, source: str) -> str:
    """What the files of a source are called in a folder."""
    return source if any(folder.glob(f"{source}.*")) else slug(source)


def differences_between(old: Path, new: Path) -> Iterator[str]:
    """What differs between two files of one kind, in words."""
    if not new.exists():
        yield "is missing"
    elif old.suffix == ".json":
        yield from differences_in_records(
            json.loads(old.read_text(encoding="utf-8")), json.loads(new.read_text(encoding="utf-8"))
        )
    elif old.read_bytes() != new.read_bytes():
        yield "other bytes"


def differences_in_records(old: Any, new: Any, place: str = "") -> Iterator[str]:
    """Where two records differ, key by key."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new} - FREE_TO_DIFFER):
            if key not in old or key not in new:
                yield f"{place}{key} is only in the {'new' if key in new else 'old'} record"
            else:
                yield from differences_in_records(old[key], new[key], f"{place}{key}.")
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from differences_in_records(one, other, f"{place}{number}.")
    elif old != new:
        yield f"{place.rstrip('.')} is {new!r} instead of {old!r}"


if __name__ == "__main__":
    sys.exit(main())
