"""Taggers: pretrained networks that hear what is in music.

A new family is a folder beside this with a subclass of `Tagger`, and a line in `FAMILIES`; its weights are entries of
the model registry with that family.
"""

from collections.abc import Callable
from typing import Any

from stemsteer.registries import Registry

FAMILIES: Registry[Callable[..., Any]] = Registry(
    {
        "musicnn-package": "stemsteer.taggers.musicnn_package.tagger:load_musicnn_package",
        "sota-music-tagging": "stemsteer.taggers.sota_music_tagging.tagger:load_sota_music_tagging",
    }
)
