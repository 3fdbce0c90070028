"""Taggers: pretrained networks that hear what is in music, and steer the ascent.

A new one is a file beside this with a subclass of `Tagger`, and a line in `LOADERS`; its weights are entries of the
model registry with that family.
"""

from collections.abc import Callable

import torch

from stemsteer.config import TaggerSettings
from stemsteer.errors import UserError
from stemsteer.models import Model, names_of, registry
from stemsteer.names import did_you_mean
from stemsteer.taggers.base import Tagger
from stemsteer.taggers.musicnn_package import load_musicnn_package
from stemsteer.taggers.sota_music_tagging import SotaMusicTagger, load_sota_music_tagging

LOADERS: dict[str, Callable[[str, Model], Tagger]] = {
    "musicnn-package": load_musicnn_package,
    "sota-music-tagging": load_sota_music_tagging,
}


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
    return LOADERS[model.family](name, model).to(device, dtype)


__all__ = ["LOADERS", "Tagger", "load_tagger"]
