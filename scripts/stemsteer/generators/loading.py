"""A generator with its verified weights."""

from pathlib import Path

import torch

from stemsteer.generators import CODEC_FAMILIES, GENERATORS
from stemsteer.generators.base import Generator
from stemsteer.generators.codec import Codec
from stemsteer.generators.settings import CodecSettings, CodecWeights, GeneratorSettings
from stemsteer.models.registry import registry
from stemsteer.models.weights import find


def load_generator(settings: GeneratorSettings, codec: CodecWeights | None, device: torch.device) -> Generator:
    """The generator that a run steers.

    Args:
        settings: the run's group `generator`.
        codec: the weights of the codec that the settings name; None for a generator of another kind.
        device: where it computes.

    Raises:
        UserError: weights are missing, altered or not of their format.
    """
    generator: Generator = GENERATORS[settings.kind].make(settings, codec)
    return generator.to(device)


def load_codec(weights: CodecWeights, device: torch.device) -> Codec:
    """A codec with its registered weights, or with the file that the settings name.

    Raises:
        UserError: the weights are missing, altered or not of their format.
    """
    model = registry().get(weights.weights)
    if model is None:
        path, family, licence = Path(weights.weights), "jukebox", "unknown (a local file)"
    else:
        path, family, licence = find(weights.weights), model.family, model.licence
    codec: Codec = CODEC_FAMILIES[family](path, weights.level, licence)
    return codec.to(device)


def codec_to_steer(settings: CodecSettings, weights: CodecWeights) -> Codec:
    """A codec with the codebook of a run."""
    codec = load_codec(weights, torch.device("cpu"))
    codec.codebook = settings.codebook
    return codec
