"""Registries: what there is to choose from, by name, without importing it.

The workflow reads the config with every process that it starts, and PyTorch takes seconds to import. So a registry
knows names at once, and imports what a name stands for when it is first asked for it.
"""

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar, Union

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from stemsteer.names import did_you_mean
from stemsteer.validation import Settings

Item = TypeVar("Item")


class Registry(Mapping[str, Item], Generic[Item]):
    """Functions or classes by name, each given as `module:attribute`."""

    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = dict(places)

    def __getitem__(self, name: str) -> Item:
        return imported(self._places[name])

    def __contains__(self, name: object) -> bool:
        """Whether there is such a name; unlike that of `Mapping`, this imports nothing."""
        return name in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def imported(place: str) -> Any:
    """What `module:attribute` names."""
    module, attribute = place.split(":")
    return getattr(importlib.import_module(module), attribute)


@dataclass(frozen=True)
class Kind:
    """One of several kinds of a thing: the settings that it has, and the code that makes one, as `module:attribute`."""

    settings: type[Settings]
    code: str

    @property
    def make(self) -> Any:
        """The function or class that makes one of this kind."""
        return imported(self.code)


def name_in(registry: Mapping[str, Any], called: str = "") -> Any:
    """The type of a setting that is a name of a registry, whose things are `called` so in sentences."""
    what = f"{called} " if called else ""

    def known(name: str) -> str:
        if name not in registry:
            hint = did_you_mean(name, registry) or f" (known: {', '.join(registry)})"
            raise ValueError(f"there is no {what}{name!r}{hint}")
        return name

    return Annotated[str, AfterValidator(known), WithJsonSchema({"type": "string", "enum": list(registry)})]


def one_of_kinds(kinds: Mapping[str, Kind], default: str) -> Any:
    """The type of settings that are those of one of these kinds, told apart by their key `kind`."""
    return told_apart(kinds[default].settings, *(kind.settings for name, kind in kinds.items() if name != default))


def told_apart(default: type[Settings], *others: type[Settings]) -> Any:
    """The type of settings of one of these classes, told apart by their key `kind`; without one, the first is meant."""
    kind = default.model_fields["kind"].default

    def with_kind(value: Any) -> Any:
        if value is None:
            return {"kind": kind}
        return {"kind": kind, **value} if isinstance(value, Mapping) else value

    if not others:
        return default
    union = Union[(default, *others)]  # type: ignore[valid-type]
    return Annotated[union, Field(discriminator="kind"), BeforeValidator(with_kind)]
