"""Steerings: methods that change latents until the taggers hear the wanted sources.

A new one is a class of settings in settings.py, a subclass of `Steering` in a file beside this one, and a line in
`STEERINGS`.
"""

from stemsteer.registries import Kind
from stemsteer.steering.settings import GradientSettings, PerturbationSettings

STEERINGS = {
    "perturbation": Kind(PerturbationSettings, "stemsteer.steering.perturbation.solver:PerturbationSteering"),
    "gradient": Kind(GradientSettings, "stemsteer.steering.gradient:GradientSteering"),
}
"""Steerings by the key `kind` of a run's `steering`."""
