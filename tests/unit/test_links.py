"""Links between the documents lead to files and headings that are there."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PATTERNS = ("*.md", "docs/*.md", "benchmarks/**/*.md", "config/*.md", "profiles/*.md", "resources/codec/*.md")
DOCUMENTS = [path for pattern in PATTERNS for path in sorted(REPOSITORY.glob(pattern))]
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def anchors(document: Path) -> Iterator[str]:
    """Those that GitHub gives the headings of a document."""
    for heading in HEADING.findall(FENCED.sub("", document.read_text(encoding="utf-8"))):
        yield re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_links_lead_somewhere(document: Path) -> None:
    for place, anchor in LINK.findall(document.read_text(encoding="utf-8")):
        target = (document.parent / place) if place else document
        assert target.exists(), f"there is no {place}"
        assert not anchor or anchor in anchors(target), f"{place} has no heading #{anchor}"
