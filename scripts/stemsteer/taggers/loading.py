"""A tagger with its verified weights, by its name."""

from collections.abc import Iterable

import torch

from stemsteer.errors import UserError
from stemsteer.models.registry import tagger_models
from stemsteer.names import did_you_mean
from stemsteer.taggers import FAMILIES, OWN_TAGGERS
from stemsteer.taggers.base import Tagger
from stemsteer.taggers.labels import labels_of
from stemsteer.taggers.settings import OwnTaggerSettings
from stemsteer.taggers.vocabularies import NO_SOURCES, Sources


def load_tagger(
    name: str,
    own: OwnTaggerSettings | None = None,
    sources: Iterable[str] = (),
    own_sources: Sources = NO_SOURCES,
    device: str | torch.device = "cpu",
    dtype: torch.dtype = torch.float32,
) -> Tagger:
    """A tagger of the model registry, its weights verified, or one with the user's `own` weights; frozen.

    Args:
        name: in the registry, or under `taggers` in the config.
        own: the settings of a tagger with the user's own weights.
        sources: all sources that it will be asked for; only prompt taggers depend on them.
        own_sources: the user's own sources.
        device: where the tagger computes.
        dtype: of its weights.

    Raises:
        UserError: there is no such tagger, or its weights are missing, altered or not of its architecture.
    """
    if own is not None:
        labels = labels_of(own.model(name), sources, own_sources)
        return OWN_TAGGERS[own.kind].make(name, own, labels).to(device, dtype)
    if name not in (models := tagger_models()):
        raise UserError(f"there is no tagger {name!r}{did_you_mean(name, models)}; there are {', '.join(models)}")
    model = models[name]
    return FAMILIES[model.family].load(name, model, labels_of(model, sources, own_sources)).to(device, dtype)
