"""How a run steers: the settings that decide the result, and what they stand for, loaded."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import torch

from stemsteer.generators.base import Generator
from stemsteer.generators.settings import GeneratorSettings
from stemsteer.masking.settings import NoMask, RatioMask
from stemsteer.steering.settings import SteeringSettings
from stemsteer.taggers.base import Tagger
from stemsteer.taggers.settings import ListeningSettings


@dataclass(frozen=True)
class MethodSettings:
    """The groups of a run's settings that decide what steering comes to."""

    generator: GeneratorSettings
    taggers: ListeningSettings
    steering: SteeringSettings
    mask: RatioMask | NoMask

    def dump(self) -> dict[str, Any]:
        """The groups by name, in values that JSON can hold."""
        return {field.name: getattr(self, field.name).model_dump(mode="json") for field in fields(self)}


@dataclass(frozen=True)
class Method:
    """A generator and the taggers that listen, on one device, with the settings of a run."""

    settings: MethodSettings
    generator: Generator
    taggers: Sequence[Tagger]

    @cached_property
    def device(self) -> torch.device:
        """Where the generator and the taggers compute."""
        return self.generator.device
