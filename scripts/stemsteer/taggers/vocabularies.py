"""What taggers can hear: the tags of each vocabulary in the models' order, and the sources that users ask for.

A vocabulary is the file `resources/vocabularies/<name>.tsv`. A source (vocals, drums, ...) is a set of tags in each
vocabulary that knows it, listed in `resources/sources.yaml`.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import yaml

from stemsteer.errors import UserError
from stemsteer.names import did_you_mean
from stemsteer.places import RESOURCES

# `tag:vocals` is the one tag `vocals`, where `vocals` is the source with all its tags.
TAG_PREFIX = "tag:"


@dataclass(frozen=True)
class Vocabulary:
    """The tags of a data set, in the order of the logits of the taggers trained on it."""

    name: str
    tags: tuple[str, ...]

    def index(self, tag: str) -> int:
        """Place of a tag among the logits.

        Raises:
            UserError: the vocabulary has no such tag; the nearest one is suggested.
        """
        if tag not in self.tags:
            raise UserError(f"the vocabulary {self.name} has no tag {tag!r}{did_you_mean(tag, self.tags)}")
        return self.tags.index(tag)


@cache
def vocabulary_names() -> tuple[str, ...]:
    """The vocabularies that ship with StemSteer."""
    return tuple(sorted(path.stem for path in (RESOURCES / "vocabularies").glob("*.tsv")))


@cache
def load_vocabulary(name: str) -> Vocabulary:
    """A vocabulary that ships with StemSteer.

    Raises:
        UserError: there is none of that name.
    """
    known = {path.stem: path for path in (RESOURCES / "vocabularies").glob("*.tsv")}
    if name not in known:
        raise UserError(
            f"there is no vocabulary {name!r}{did_you_mean(name, known)}; there are {', '.join(sorted(known))}"
        )
    with known[name].open(encoding="utf-8", newline="") as file:
        tags = {int(row["index"]): row["tag"] for row in csv.DictReader(file, delimiter="\t")}
    return Vocabulary(name, tuple(tags[index] for index in range(len(tags))))


@cache
def sources() -> dict[str, dict[str, list[str]]]:
    """Of each source, its tags in each vocabulary that knows it."""
    table: dict[str, dict[str, list[str]]] = yaml.safe_load((RESOURCES / "sources.yaml").read_text(encoding="utf-8"))
    return table


def find_tags(vocabulary: Vocabulary, names: Iterable[str]) -> list[int]:
    """Places among the logits, ascending, of all tags that the names of sources or tags stand for.

    A name is first looked up among the sources, then among the tags; `tag:NAME` is always a tag.

    Raises:
        UserError: a name is neither a source nor a tag, or the vocabulary has no tag for that source.
    """
    return sorted({vocabulary.index(tag) for name in names for tag in _tags_of(vocabulary, name)})


def _tags_of(vocabulary: Vocabulary, name: str) -> list[str]:
    if name.startswith(TAG_PREFIX):
        return [name.removeprefix(TAG_PREFIX)]
    if vocabulary.name in sources().get(name, {}):
        return sources()[name][vocabulary.name]
    if name in vocabulary.tags:
        return [name]
    heard = [source for source, tags in sources().items() if vocabulary.name in tags]
    if name in sources():
        raise UserError(
            f"the vocabulary {vocabulary.name} has no tag for the source {name!r}, only for {', '.join(heard)}; "
            "choose a tagger with another vocabulary"
        )
    suggestion = did_you_mean(name, [*heard, *vocabulary.tags])
    raise UserError(f"{name!r} is neither a source nor a tag of the vocabulary {vocabulary.name}{suggestion}")


def known_names() -> set[str]:
    """Every name that stands for something in some vocabulary: all sources, and all tags with and without prefix."""
    names = {path.stem for path in (RESOURCES / "vocabularies").glob("*.tsv")}
    tags = {tag for name in names for tag in load_vocabulary(name).tags}
    return {*sources(), *tags, *(TAG_PREFIX + tag for tag in tags)}
