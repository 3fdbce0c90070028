"""Labels: what each logit of a tagger stands for, and which of them are those of a source.

Taggers that were trained on a fixed list have the tags of their vocabulary as labels. Prompt taggers compare audio with
texts; their labels are made of the sources that are asked for.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from stemsteer.errors import UserError
from stemsteer.models.registry import PromptTaggerModel, TaggerModel, VocabularyTaggerModel
from stemsteer.taggers.vocabularies import NO_SOURCES, TAG_PREFIX, Sources, Vocabulary, find_tags, load_vocabulary


class Labels(Protocol):
    """The labels of a tagger."""

    @property
    def names(self) -> tuple[str, ...]:
        """The labels in the order of the logits."""

    def find(self, source: str) -> list[int]:
        """Places among the logits, ascending, of the labels that stand for a source.

        Raises:
            UserError: no label stands for it.
        """


@dataclass(frozen=True)
class VocabularyLabels:
    """The tags of a vocabulary; `own` are the user's own sources."""

    vocabulary: Vocabulary
    own: Sources = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        return self.vocabulary.tags

    def find(self, source: str) -> list[int]:
        return find_tags(self.vocabulary, [source], self.own)


@dataclass(frozen=True)
class PromptLabels:
    """One text for each source that is asked for, and texts for the rest of what can be heard.

    Attributes:
        sources: that are asked for, each once.
        prompt: the text for a source, whose name takes the place of `{source}`.
        rest: texts that stand for no source.
    """

    sources: tuple[str, ...]
    prompt: str
    rest: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        prompts = (self.prompt.replace("{source}", source.removeprefix(TAG_PREFIX)) for source in self.sources)
        return (*prompts, *self.rest)

    def find(self, source: str) -> list[int]:
        if source not in self.sources:
            raise UserError(
                f"the tagger has no text for the source {source!r}, only for {', '.join(self.sources)}; "
                "name all sources when the tagger is loaded"
            )
        return [self.sources.index(source)]


def find_if_known(labels: Labels, source: str) -> list[int]:
    """As `Labels.find`, but nothing where no label stands for the source."""
    try:
        return labels.find(source)
    except UserError:
        return []


def vocabulary_of(model: VocabularyTaggerModel) -> Vocabulary:
    """The tags of a tagger that was trained on a list."""
    return Vocabulary(model.vocabulary, model.tags) if model.tags else load_vocabulary(model.vocabulary)


def labels_of(model: TaggerModel, sources: Iterable[str] = (), own: Sources = NO_SOURCES) -> Labels:
    """The labels of a tagger.

    Args:
        model: its entry in the registry of models.
        sources: all sources that it will be asked for, in any order; a vocabulary does not depend on them.
        own: the user's own sources.
    """
    match model:
        case VocabularyTaggerModel():
            return VocabularyLabels(vocabulary_of(model), own)
        case PromptTaggerModel():
            return PromptLabels(tuple(sorted(set(sources))), model.prompt, model.rest)
    raise TypeError(f"labels of a {type(model).__name__}")
