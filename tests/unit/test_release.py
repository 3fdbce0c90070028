"""Version, changelog and citation tell of the same release."""

import re
from datetime import date
from pathlib import Path

import yaml

from stemsteer import __version__

ROOT = Path(__file__).resolve().parents[2]
RELEASE = re.compile(r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)$", re.MULTILINE)


def releases() -> list[tuple[str, date]]:
    """Those in the changelog, the latest first."""
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    return [(version, date.fromisoformat(day)) for version, day in RELEASE.findall(changelog)]


def test_the_changelog_begins_with_this_version() -> None:
    assert releases()[0][0] == __version__


def test_releases_are_in_order() -> None:
    days = [day for _, day in releases()]
    assert days == sorted(days, reverse=True)


def test_the_citation_is_that_of_this_version() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert (citation["version"], citation["date-released"]) == releases()[0]
