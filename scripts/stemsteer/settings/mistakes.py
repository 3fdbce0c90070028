"""Mistakes in a config, told as sentences: what pydantic finds, in words for users."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from pydantic import ValidationError

from stemsteer.names import did_you_mean
from stemsteer.validation import Settings

NO_TEXTS = {bool: "yes or no", int | float: "a number", date: "a date", list: "a list", dict: "keys with values"}
"""What YAML takes texts for, in words."""

Place = tuple[str | int, ...]
"""The keys that lead to a setting."""


def sentences(error: ValidationError, raw: Mapping[str, Any]) -> list[str]:
    """A sentence for each place at which pydantic finds something in the config `raw`."""
    found: dict[Place, list[Any]] = {}
    for detail in error.errors():
        found.setdefault(_place(detail, raw), []).append(detail)
    return [_sentence(*mistake) for mistake in found.items() if not _is_above_another(mistake[0], found)]


def _is_above_another(place: Place, others: Iterable[Place]) -> bool:
    """Whether pydantic finds something below a place, too: then the setting is of another form than it was tried as."""
    return any(len(other) > len(place) and other[: len(place)] == place for other in others)


def subclasses(settings: type[Settings]) -> Iterator[type[Settings]]:
    """All classes of settings below this one."""
    for below in settings.__subclasses__():
        yield below
        yield from subclasses(below)


def _place(detail: Any, raw: Any) -> Place:
    """Where one of pydantic's findings is: the keys that lead there.

    Its own location goes on with what it was tried as, where there are several: batch.constrained-int.
    """
    tried = detail["loc"]
    missing = tried[-1:] if detail["type"] == "missing" else ()
    tried = tried[: len(tried) - len(missing)]
    keys: list[str | int] = []
    for position, key in enumerate(tried):
        if _leads_on(raw, key):
            keys.append(key)
            raw = raw[key]
        elif not any(_leads_on(raw, later) for later in tried[position + 1 :]):
            break
        # Otherwise the key is the kind of a group, which its own keys follow.
    return (*keys, *missing)


def _leads_on(raw: Any, key: str | int) -> bool:
    """Whether a key is one of a mapping or of a list in the config."""
    return key in raw if isinstance(raw, Mapping) else isinstance(raw, list) and isinstance(key, int)


def _sentence(place: Place, details: Sequence[Any]) -> str:
    """Pydantic's findings about one place in words."""
    location = ".".join(map(str, place))
    first = details[0]
    if first["type"] == "extra_forbidden":
        return f"unknown key {location}{_hint(place, first['loc'])}"
    if first["type"] == "missing":
        return f"the key {location} is missing"
    if first["type"] == "value_error":
        reason = str(first["ctx"]["error"])
        return f"{location}: {reason}" if location else reason
    if first["type"] == "union_tag_invalid":
        kinds = first["ctx"]["expected_tags"].replace("'", "").split(", ")
        hint = did_you_mean(first["ctx"]["tag"], kinds) or f" (known: {', '.join(kinds)})"
        return f"{location}.kind: there is no {first['ctx']['tag']!r}{hint}"
    if first["type"] in ("dict_type", "model_type", "model_attributes_type"):
        return f"{location}: keys with values should be below it, not {first['input']!r}"
    if first["loc"][-1] == "[key]":
        return f"{location}: a name should be text; write it in quotes"
    # The rest tells how it was looked at.
    wanted = [re.sub(r",? (unable to|after validation).*", "", detail["msg"]) for detail in details]
    said = " or ".join([wanted[0], *(one.removeprefix("Input should be ") for one in wanted[1:])])
    quotes = _how_to_quote(location, first["input"]) if first["type"] == "string_type" else ""
    return f"{location}: {said[0].lower()}{said[1:]}, not {first['input']!r}{quotes}"


def _how_to_quote(location: str, value: Any) -> str:
    """How to write a text that YAML takes for something else: 2023_01 is the number 202301 to it."""
    kind = next((words for kind, words in NO_TEXTS.items() if isinstance(value, kind)), None)
    # Snakemake takes quotes away that stand at the ends.
    typed = (
        f""" (on the command line with blanks around them: --config '{location}= "..." ')"""
        if "." not in location
        else ""
    )
    return f" ({kind}); write a text that looks like one in quotes{typed}" if kind else ""


def _hint(place: Place, tried: Sequence[str | int]) -> str:
    """What a user may have meant by an unknown key: a key that is spelt almost so, or one of another kind of the group.

    In `tried`, pydantic's own location, the kind of a group stands before its keys.
    """
    key = str(place[-1])
    keys = {name for model in subclasses(Settings) for name in model.model_fields}
    if key not in keys:
        return did_you_mean(key, keys)
    return f" (the kind {tried[-2]} has no such key)" if len(tried) > len(place) else ""
