"""Generators: pretrained models of music whose latents can be steered.

A new family of codecs is a folder beside this with a subclass of `Generator`, and a line in `FAMILIES`.
"""

from collections.abc import Callable
from typing import Any

from stemsteer.registries import Registry

FAMILIES: Registry[Callable[..., Any]] = Registry({"jukebox": "stemsteer.generators.jukebox.generator:load_jukebox"})
