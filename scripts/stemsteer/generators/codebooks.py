"""The codebooks that stand between a codec's latents and its decoder, by name.

A new one is a class with the methods of `Quantiser`, such as those in `jukebox/quantisers.py`, and a line here. It is
made of the codec's own codebook and a seed.
"""

from collections.abc import Callable
from typing import Any

from stemsteer.registries import Registry

CODEBOOKS: Registry[Callable[..., Any]] = Registry(
    {
        "frozen": "stemsteer.generators.jukebox.quantisers:FrozenCodebook",
        "reinit-ema": "stemsteer.generators.jukebox.quantisers:ReinitialisedCodebook",
        "none": "stemsteer.generators.jukebox.quantisers:NoCodebook",
    }
)
