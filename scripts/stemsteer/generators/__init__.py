"""Generators: pretrained autoencoders of music whose latents can be steered.

A new one is a file beside this with a subclass of `Generator`, and a line in `LOADERS`.
"""

from collections.abc import Callable
from pathlib import Path

import torch

from stemsteer.config import GeneratorSettings
from stemsteer.generators.base import Generator
from stemsteer.generators.jukebox import load_jukebox
from stemsteer.models import find, registry

# By family, as in resources/models.yaml.
LOADERS: dict[str, Callable[[Path, int, str], Generator]] = {
    "jukebox": load_jukebox,
}

__all__ = ["Generator", "load_generator"]


def load_generator(settings: GeneratorSettings, device: torch.device) -> Generator:
    """Load a generator with its registered weights, or with the file that the settings name."""
    model = registry().get(settings.weights)
    if model is None:
        path, family, licence = Path(settings.weights), "jukebox", "unknown (a local file)"
    else:
        path, family, licence = find(settings.weights), model.family, model.licence
    return LOADERS[family](path, settings.level, licence).to(device)
