"""Vocabularies, the lists of tags that taggers were trained on, and sources, the sets of tags that users ask for.

A vocabulary is the file `resources/vocabularies/<name>.tsv`. A source (vocals, drums, ...) is a set of tags in each
vocabulary that knows it, listed in `resources/sources.yaml` or in the user's config.
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from stemsteer.errors import UserError
from stemsteer.names import did_you_mean
from stemsteer.places import RESOURCES

PERCUSSION = frozenset({"drums", "drum machine"})
"""The sources that are short and broad sounds; all others are long and narrow ones, and seldom low."""

TAG_PREFIX = "tag:"
"""`tag:vocals` is the one tag `vocals`, while `vocals` is the source with all its tags."""

TagsByVocabulary = Mapping[str, Sequence[str]]
"""The tags of a source in each vocabulary that knows it."""

Sources = Mapping[str, TagsByVocabulary]
"""Sources by name. The user's own ones are those of the config; one without tags is known to prompt taggers only."""

NO_SOURCES: Sources = {}


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
    if name not in (known := vocabulary_names()):
        raise UserError(f"there is no vocabulary {name!r}{did_you_mean(name, known)}; there are {', '.join(known)}")
    with (RESOURCES / "vocabularies" / f"{name}.tsv").open(encoding="utf-8", newline="") as file:
        tags = {int(row["index"]): row["tag"] for row in csv.DictReader(file, delimiter="\t")}
    return Vocabulary(name, tuple(tags[index] for index in range(len(tags))))


def read_tags(path: Path) -> tuple[str, ...]:
    """The tags of a vocabulary of the user's own: a text file in UTF-8, one tag on each line.

    Raises:
        UserError: the file is no such list, or has a tag twice.
    """
    try:
        tags = [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read as a text in UTF-8, with one label on each line: {error}") from None
    while tags and not tags[-1]:
        tags.pop()
    if not tags:
        raise UserError(f"{path} has no labels; write one on each line, in the order of the network's outputs")
    if "" in tags:
        raise UserError(f"{path}, line {tags.index('') + 1}: there is no label; each line stands for an output")
    if twice := next((tag for place, tag in enumerate(tags) if tag in tags[:place]), None):
        raise UserError(f"{path}: the label {twice!r} is there twice; give each output its own")
    return tuple(tags)


@cache
def sources() -> Sources:
    """The sources that ship with StemSteer."""
    table: dict[str, dict[str, list[str]]] = yaml.safe_load((RESOURCES / "sources.yaml").read_text(encoding="utf-8"))
    return table


def known_sources(own: Sources = NO_SOURCES) -> Sources:
    """The sources that ship with StemSteer, and the user's own.

    A source that ships may get tags in a vocabulary of the user's own, but keeps those that it has.

    Raises:
        UserError: one of the user's own has the name of one that ships, or that of a tag.
    """
    for name, tags in own.items():
        if name in sources() and (not tags or not set(vocabulary_names()).isdisjoint(tags)):
            raise UserError(f"config: sources: {name!r} is a source of resources/sources.yaml; choose another name")
        if name.startswith(TAG_PREFIX):
            raise UserError(f"config: sources: {name!r} begins with {TAG_PREFIX}, as tags do; choose another name")
    return {**sources(), **{name: {**sources().get(name, {}), **tags} for name, tags in own.items()}}


def find_tags(vocabulary: Vocabulary, names: Iterable[str], own: Sources = NO_SOURCES) -> list[int]:
    """Places among the logits, ascending, of all tags that the names of sources or tags stand for.

    A name is first looked up among the sources, those that ship and the user's `own`, then among the tags, in which
    small letters stand for capitals too; `tag:NAME` is always a tag.

    Raises:
        UserError: a name is neither a source nor a tag, or the vocabulary has no tag for that source.
    """
    return sorted({vocabulary.index(tag) for name in names for tag in _tags_of(vocabulary, name, known_sources(own))})


def _tags_of(vocabulary: Vocabulary, name: str, known: Sources) -> Sequence[str]:
    if name.startswith(TAG_PREFIX):
        return [name.removeprefix(TAG_PREFIX)]
    if tags := known.get(name, {}).get(vocabulary.name):
        return tags
    if name in vocabulary.tags:
        return [name]
    if alike := [tag for tag in vocabulary.tags if tag.casefold() == name.casefold()]:
        return alike
    heard = [source for source, tags in known.items() if vocabulary.name in tags]
    if name in known:
        raise UserError(
            f"the vocabulary {vocabulary.name} has no tag for the source {name!r}, only for {', '.join(heard)}; "
            "choose a tagger with another vocabulary"
        )
    suggestion = did_you_mean(name, [*heard, *vocabulary.tags])
    raise UserError(f"{name!r} is neither a source nor a tag of the vocabulary {vocabulary.name}{suggestion}")


def known_names(own: Sources = NO_SOURCES, vocabularies: Iterable[Vocabulary] = ()) -> set[str]:
    """Every name that can be asked for: all sources, and the tags of all vocabularies with and without prefix.

    Args:
        own: the user's own sources.
        vocabularies: those of the user's own taggers, whose tags may be written in small letters.
    """
    tags = {tag for name in vocabulary_names() for tag in load_vocabulary(name).tags}
    own_tags = {tag for vocabulary in vocabularies for tag in vocabulary.tags}
    small = {tag.lower() for tag in own_tags}
    return {*known_sources(own), *tags, *own_tags, *small, *(TAG_PREFIX + tag for tag in tags | own_tags)}
