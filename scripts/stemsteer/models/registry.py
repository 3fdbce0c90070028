"""The registry of pretrained models: `resources/models.yaml`, one entry for each model, checked."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from stemsteer.places import RESOURCES


class Published(BaseModel):
    """What is known of a published file, by which a copy of it is verified.

    Attributes:
        size: in bytes.
        sha256: hexadecimal.
        git_blob: the id that git gives the file.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    size: int | None = None
    sha256: str | None = None
    git_blob: str | None = None


class Model(Published):
    """What an entry of the registry says of any model.

    Attributes:
        family: the folder of code that reads the weights.
        file: of the weights, relative to `resources/` for a model that ships with StemSteer, otherwise to one of the
            folders in which models are looked for.
        beside: other files that the model needs, by their names: they lie in the folder of `file`, and are fetched from
            that of `url`.
        package: the Python package that holds the weights, for a model without a file of its own.
        citation: of the weights.
    """

    family: str
    file: str | None = None
    beside: dict[str, Published] = {}
    ships: bool = False
    package: str | None = None
    url: str | None = None
    licence: str
    citation: str


class GeneratorModel(Model):
    """A generator."""

    kind: Literal["generator"]


class TaggerModel(Model):
    """What entries say of any tagger.

    Attributes:
        architecture: of the network, one of those that its family knows.
        architecture_citation: where `citation` is not that of the architecture.
    """

    architecture: str
    architecture_citation: str | None = None


class VocabularyTaggerModel(TaggerModel):
    """A tagger that was trained on a fixed list of tags.

    Attributes:
        vocabulary: the name of the list.
        tags: the list itself, where it comes with the tagger; else it is `resources/vocabularies/<vocabulary>.tsv`.
    """

    kind: Literal["tagger"]
    vocabulary: str
    tags: tuple[str, ...] = ()


class PromptTaggerModel(TaggerModel):
    """A tagger that compares audio with texts: any source can be asked for.

    Attributes:
        prompt: the text for a source, whose name takes the place of `{source}`.
        rest: texts for what else can be heard.
    """

    kind: Literal["prompt-tagger"]
    prompt: str = Field("the sound of {source}", pattern=r"\{source\}")
    rest: tuple[str, ...] = ()


AnyModel = Annotated[GeneratorModel | VocabularyTaggerModel | PromptTaggerModel, Field(discriminator="kind")]
_ENTRY: TypeAdapter[AnyModel] = TypeAdapter(AnyModel)


@cache
def registry() -> dict[str, AnyModel]:
    """All models by name."""
    return dict(_models_in(yaml.safe_load((RESOURCES / "models.yaml").read_text(encoding="utf-8")), {}))


def _models_in(entries: Mapping[str, Any], shared: Mapping[str, Any]) -> Iterator[tuple[str, AnyModel]]:
    """The models among entries that may be groups, whose keys are shared by the models in them."""
    for name, own in entries.items():
        entry = {**shared, **own}
        if "models" in entry:
            yield from _models_in(entry.pop("models"), entry)
        else:
            places = {key: entry[key].format(**entry) for key in ("file", "url") if key in entry}
            yield name, _ENTRY.validate_python({**entry, **places})


def tagger_models() -> dict[str, TaggerModel]:
    """All taggers by name."""
    return {name: model for name, model in registry().items() if isinstance(model, TaggerModel)}


def names_of(kind: Literal["generator", "tagger"]) -> list[str]:
    """The names of all generators, or of all taggers."""
    wanted = GeneratorModel if kind == "generator" else TaggerModel
    return [name for name, model in registry().items() if isinstance(model, wanted)]


def published_digest(name: str) -> str | None:
    """The digest of the published file of a model; None for a path to a file of the user's."""
    model = registry().get(name)
    return (model.sha256 or model.git_blob) if model else None


def downloadable() -> list[str]:
    """The names of all models that neither ship with StemSteer nor with a package."""
    return [name for name, model in registry().items() if model.url]
