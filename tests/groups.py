"""Settings of a run, put in their groups: each key belongs to one group only, but for `kind`."""

from typing import Any

from stemsteer.generators.settings import CodecSettings
from stemsteer.masking.settings import MaskedStem, RatioMask
from stemsteer.steering.settings import GradientSettings
from stemsteer.taggers.settings import ListeningSettings

GROUPS = {
    "generator": CodecSettings,
    "taggers": ListeningSettings,
    "steering": GradientSettings,
    "mask": RatioMask,
    "stem": MaskedStem,
}


def grouped(**settings: Any) -> dict[str, Any]:
    """A run as it stands in a config, of single settings (`steps=5`) and whole groups (`stem={...}`)."""
    run: dict[str, Any] = {}
    for key, value in settings.items():
        group = next((name for name, model in GROUPS.items() if key in {*model.model_fields} - {"kind"}), None)
        if group is None:
            run[key] = value
        else:
            run.setdefault(group, {})[key] = value
    return run
