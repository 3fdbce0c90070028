"""Settings of a run of a codec, put in their groups: each key belongs to one group only, but for `kind`."""

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
KINDS = {group: {"kind": model.model_fields["kind"].default} for group, model in GROUPS.items() if group != "taggers"}
"""Of a run that steers a codec's latents by gradient and makes a mask of them."""


def grouped(**settings: Any) -> dict[str, Any]:
    """A run as it stands in a config, of single settings (`steps=5`) and whole groups (`stem={...}`).

    It steers a codec with one tagger, but for the groups that are there as a whole or come from a preset.
    """
    run: dict[str, Any] = {} if settings.get("preset") else {group: dict(kind) for group, kind in KINDS.items()}
    for key, value in settings.items():
        group = next((name for name, model in GROUPS.items() if key in {*model.model_fields} - {"kind"}), None)
        if group is None:
            run[key] = value
        else:
            run.setdefault(group, {})[key] = value
    if run.get("steering") and run["steering"].get("kind") == "gradient" and not run.get("preset"):
        # All taggers have to know a source then, which those of the default run do not.
        run.setdefault("taggers", {}).setdefault("names", ["MTT_vgg"])
    return run
