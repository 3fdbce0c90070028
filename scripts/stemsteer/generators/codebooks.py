"""The codebooks that stand between a codec's latents and its decoder, by name.

A new one is a class beside those in `jukebox/quantisers.py`, and a line here.
"""

from typing import Any

from stemsteer.registries import Registry

CODEBOOKS: Registry[Any] = Registry(
    {
        "frozen": "stemsteer.generators.jukebox.quantisers:FrozenCodebook",
        "reinit-ema": "stemsteer.generators.jukebox.quantisers:ReinitialisedCodebook",
        "none": "stemsteer.generators.jukebox.quantisers:NoCodebook",
    }
)
