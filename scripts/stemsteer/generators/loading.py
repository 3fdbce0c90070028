"""A generator with its verified weights."""

from pathlib import Path

import torch

from stemsteer.generators import FAMILIES
from stemsteer.generators.base import Generator
from stemsteer.generators.settings import CodecWeights
from stemsteer.models.registry import registry
from stemsteer.models.weights import find


def load_generator(settings: CodecWeights, device: torch.device) -> Generator:
    """Load a generator with its registered weights, or with the file that the settings name."""
    model = registry().get(settings.weights)
    if model is None:
        path, family, licence = Path(settings.weights), "jukebox", "unknown (a local file)"
    else:
        path, family, licence = find(settings.weights), model.family, model.licence
    return FAMILIES[family](path, settings.level, licence).to(device)
