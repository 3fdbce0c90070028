"""What there is to choose from, for a terminal or as tables: sources, tags, models and ready-made runs."""

import csv
import importlib.util
import io
import math
from collections.abc import Iterable, Sequence
from itertools import zip_longest

import yaml

from stemsteer.command_line.terminal import layout
from stemsteer.models.registry import Model, TaggerModel, VocabularyTaggerModel, registry, tagger_models
from stemsteer.models.weights import fault_of, locate
from stemsteer.settings.presets import presets
from stemsteer.settings.run import RunSettings
from stemsteer.taggers.vocabularies import load_vocabulary, sources

Row = dict[str, str]


def vocabulary_names() -> list[str]:
    """The vocabularies of all taggers."""
    return list(dict.fromkeys(filter(None, map(_vocabulary_of, tagger_models().values()))))


def tag_rows(vocabularies: Iterable[str], text: str = "") -> list[Row]:
    """The tags that have a text in their name, vocabulary by vocabulary, and the sources that each belongs to."""
    return [
        {
            "vocabulary": name,
            "index": str(index),
            "tag": tag,
            "sources": ", ".join(source for source, tags in sources().items() if tag in tags.get(name, [])),
        }
        for name in vocabularies
        for index, tag in enumerate(load_vocabulary(name).tags)
        if _has(text, tag)
    ]


def source_rows(vocabularies: Iterable[str], text: str = "") -> list[Row]:
    """The sources that have a text in their name or among their tags: the tags of each in each vocabulary."""
    return [
        {"source": source, "vocabulary": name, "tags": ", ".join(tags[name])}
        for source, tags in sources().items()
        for name in vocabularies
        if name in tags and _has(text, source, *tags[name])
    ]


def model_rows(vocabularies: Iterable[str], text: str = "") -> list[Row]:
    """The models that have a text in their name: the generators, and the taggers with one of the vocabularies."""
    known = {"", *vocabularies}
    return [
        {
            "model": name,
            "kind": model.kind,
            "architecture": model.architecture if isinstance(model, TaggerModel) else model.family,
            "vocabulary": _vocabulary_of(model),
            **_whereabouts(model),
            "licence": model.licence,
            "citation": _citation_of(model),
            "url": model.url or "",
        }
        for name, model in registry().items()
        if _vocabulary_of(model) in known and _has(text, name)
    ]


def preset_rows(vocabularies: Iterable[str], text: str = "") -> list[Row]:
    """The ready-made runs that have a text in their name and a tagger with one of the vocabularies: their settings."""
    wanted = set(vocabularies)
    return [
        {"run": name, "settings": "; ".join(f"{group}: {_as_in_config(value)}" for group, value in settings.items())}
        for name, settings in presets().items()
        if _has(text, name) and wanted & _vocabularies_heard(name)
    ]


def _vocabularies_heard(preset: str) -> set[str]:
    return {
        _vocabulary_of(registry()[tagger]) for tagger in RunSettings.model_validate({"preset": preset}).taggers.names
    }


def _vocabulary_of(model: Model) -> str:
    """Nothing for models without one: generators and prompt taggers."""
    return model.vocabulary if isinstance(model, VocabularyTaggerModel) else ""


def _citation_of(model: Model) -> str:
    architecture = model.architecture_citation if isinstance(model, TaggerModel) else None
    return "; ".join(filter(None, (model.citation, architecture)))


def _whereabouts(model: Model) -> Row:
    """Whether a model is on this machine (`state`: here, missing or altered), and its place."""
    if model.package:
        found = importlib.util.find_spec(model.package) is not None
        return {"state": "here" if found else "missing", "place": f"the package {model.package}"}
    path = locate(model)
    if path is None:
        return {"state": "missing", "place": ""}
    fault = fault_of(model, path)
    return {"state": "altered" if fault else "here", "place": f"{path} ({fault})" if fault else str(path)}


def _has(text: str, *names: str) -> bool:
    return any(text.lower() in name.lower() for name in names)


def _as_in_config(value: object) -> str:
    return yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=math.inf).strip()


def tags_text(vocabularies: Sequence[str], text: str, width: int) -> str:
    """Sources, tags, models and ready-made runs under headings, for a terminal that has `width` columns."""
    sections = {
        "Sources, and the tags that stand for each": [_without_repeats(source_rows(vocabularies, text), "source")],
        "Tags, by their place among a tagger's outputs": _side_by_side(tag_rows(vocabularies, text)),
        "Models": [model_rows(vocabularies, text)],
        "Ready-made runs, for `preset` in a run of the config": [preset_rows(vocabularies, text)],
    }
    columns = {"Models": ("model", "kind", "architecture", "vocabulary", "state", "licence")}
    return "\n\n".join(
        "\n\n".join([heading, *(layout(rows, columns.get(heading), width) for rows in tables)])
        for heading, tables in sections.items()
        if any(tables)
    )


def models_text(width: int) -> str:
    """All models and where they lie, for a terminal that has `width` columns."""
    rows = model_rows(vocabulary_names())
    return layout(rows, ("model", "kind", "architecture", "vocabulary", "state", "place"), width)


def _without_repeats(rows: Sequence[Row], key: str) -> list[Row]:
    """The rows with a value that stands in the row above left out."""
    above = [None, *(row[key] for row in rows)]
    return [{**row, key: "" if row[key] == last else row[key]} for row, last in zip(rows, above, strict=False)]


def _side_by_side(rows: Sequence[Row]) -> list[list[Row]]:
    """Tables with a column of tags and their places for each vocabulary; vocabularies of one size share a table."""
    tables: dict[int, dict[str, list[str]]] = {}
    for row in rows:
        size = len(load_vocabulary(row["vocabulary"]).tags)
        columns = tables.setdefault(size, {})
        columns.setdefault(row["vocabulary"], []).append(f"{row['index']:>{len(str(size - 1))}} {row['tag']}")
    return [
        [dict(zip(columns, line, strict=True)) for line in zip_longest(*columns.values(), fillvalue="")]
        for columns in tables.values()
    ]


def tsv(rows: Sequence[Row]) -> str:
    """A table separated by tabs, as pandas reads it."""
    table = io.StringIO()
    writer = csv.DictWriter(table, list(rows[0]), dialect="excel-tab", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return table.getvalue().rstrip("\n")
