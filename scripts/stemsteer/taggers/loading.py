"""A tagger with its verified weights, by its name."""

import torch

from stemsteer.errors import UserError
from stemsteer.models.registry import names_of, registry
from stemsteer.names import did_you_mean
from stemsteer.settings.config import TaggerSettings
from stemsteer.taggers import FAMILIES
from stemsteer.taggers.base import Tagger
from stemsteer.taggers.sota_music_tagging.tagger import SotaMusicTagger


def load_tagger(
    name: str,
    own: TaggerSettings | None = None,
    device: str | torch.device = "cpu",
    dtype: torch.dtype = torch.float32,
) -> Tagger:
    """A tagger of the model registry, its weights verified, or one with the user's `own` weights; frozen.

    Raises:
        UserError: there is no such tagger, or its weights are missing, altered or not of its architecture.
    """
    if own is not None:
        return SotaMusicTagger(name, own.model(), own.weights).to(device, dtype)
    if name not in (taggers := names_of("tagger")):
        raise UserError(f"there is no tagger {name!r}{did_you_mean(name, taggers)}; there are {', '.join(taggers)}")
    model = registry()[name]
    return FAMILIES[model.family](name, model).to(device, dtype)
