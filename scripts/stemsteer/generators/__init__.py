"""Generators: pretrained models of music whose latents can be steered.

A new family of codecs is a folder beside this with a subclass of `Generator`, and a line in `FAMILIES`.
"""

from collections.abc import Callable
from typing import Any

from stemsteer.generators.settings import CodecSettings
from stemsteer.registries import Kind, Registry

GENERATORS = {"codec": Kind(CodecSettings, "stemsteer.generators.loading:load_codec")}
"""The kinds of generators, by the key `kind` in the group `generator` of a run."""

FAMILIES: Registry[Callable[..., Any]] = Registry({"jukebox": "stemsteer.generators.jukebox.generator:load_jukebox"})
