"""Generators: pretrained models of music whose latents can be steered.

A new kind of generator is a class of settings in settings.py, a subclass of `Generator` in a file or folder beside this
one, and a line in `GENERATORS`. A new family of codecs is a folder beside this one with a subclass of `Codec`, and a
line in `CODEC_FAMILIES`.
"""

from collections.abc import Callable
from typing import Any

from stemsteer.generators.settings import CodecSettings, ComponentsSettings
from stemsteer.registries import Kind, Registry

GENERATORS = {
    "components": Kind(ComponentsSettings, "stemsteer.generators.components.components:make_components"),
    "codec": Kind(CodecSettings, "stemsteer.generators.loading:codec_to_steer"),
}
"""Generators by the key `kind` of a run's `generator`."""

CODEC_FAMILIES: Registry[Callable[..., Any]] = Registry({"jukebox": "stemsteer.generators.jukebox.codec:load_jukebox"})
"""Functions that load a codec, from its file, level and licence, by the family in the registry of models."""
