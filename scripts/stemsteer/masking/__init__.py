"""Masks, and the stems that are made with them.

A new mask is a class of settings in settings.py, a subclass of `Views`, and a line in `MASKS`. A new kind of stem is a
class of settings, a function, and a line in `STEMS`.
"""

from stemsteer.masking.settings import MaskedStem, NoMask, RatioMask, ResidualStem, SteeredStem
from stemsteer.registries import Kind

MASKS = {
    "ratio": Kind(RatioMask, "stemsteer.masking.views:MaskedViews"),
    "none": Kind(NoMask, "stemsteer.masking.views:SteeredView"),
}
"""Masks by the key `kind` of a run's `mask`: what makes the views that the taggers hear."""

STEMS = {
    "masked": Kind(MaskedStem, "stemsteer.masking.separation:masked_blocks"),
    "residual": Kind(ResidualStem, "stemsteer.masking.separation:residual_blocks"),
    "steered": Kind(SteeredStem, "stemsteer.masking.separation:steered_blocks"),
}
"""Stems by the key `kind` of a run's `stem`: what makes the blocks of a stem and of the other part."""
