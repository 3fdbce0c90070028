"""Steerings: how latents are moved until the taggers hear the wanted source.

A new one is a file beside this with its settings and its code, and a line in `STEERINGS`.
"""

from stemsteer.registries import Kind
from stemsteer.steering.settings import GradientSettings

STEERINGS = {"gradient": Kind(GradientSettings, "stemsteer.steering.gradient:GradientSteering")}
"""The kinds of steerings, by the key `kind` in the group `steering` of a run."""
