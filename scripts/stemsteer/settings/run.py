"""The settings of a run, in groups: each says its kind, and a kind has the settings that make sense for it."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field, model_validator

from stemsteer.generators import GENERATORS
from stemsteer.generators.settings import CodecSettings, ComponentsSettings
from stemsteer.masking import MASKS, STEMS
from stemsteer.masking.settings import NoMask, SteeredStem
from stemsteer.registries import name_in, one_of_kinds
from stemsteer.settings.presets import presets
from stemsteer.steering import STEERINGS
from stemsteer.steering.settings import GradientSettings, PerturbationSettings
from stemsteer.taggers.settings import ListeningSettings
from stemsteer.validation import Settings

GROUPS = ("generator", "taggers", "steering", "mask", "stem")
"""What a run consists of."""


class MethodGroups(Settings):
    """The groups that decide the steered signal."""

    generator: one_of_kinds(GENERATORS, "components") = Field(  # type: ignore[valid-type]
        ComponentsSettings(), description="whose latents are steered"
    )
    taggers: ListeningSettings = Field(ListeningSettings(), description="which taggers listen, and how")
    steering: one_of_kinds(STEERINGS, "perturbation") = Field(  # type: ignore[valid-type]
        PerturbationSettings(), description="how the latents are moved"
    )
    mask: one_of_kinds(MASKS, "none") = Field(  # type: ignore[valid-type]
        NoMask(), description="what the taggers hear of the mixture, and what the stem is made with"
    )


class RunSettings(MethodGroups):
    """A named set of method settings; each run makes its own stems and scores."""

    preset: name_in(presets(), "ready-made run") | None = Field(  # type: ignore[valid-type]
        None, description="a ready-made run to start from; the keys beside it win"
    )
    sources: list[str] | None = Field(
        None, min_length=1, description="only these of a track's sources, where a tagger has no tag for the others"
    )
    stem: one_of_kinds(STEMS, "steered") = Field(  # type: ignore[valid-type]
        SteeredStem(), description="which part is the stem; the other one is written beside it"
    )

    @model_validator(mode="before")
    @classmethod
    def _starts_from_preset(cls, value: Any) -> Any:
        name = value.get("preset") if isinstance(value, Mapping) else None
        return merged(presets()[name], value) if isinstance(name, str) and name in presets() else value

    @model_validator(mode="after")
    def _stem_fits_mask(self) -> "RunSettings":
        masks, steered = not isinstance(self.mask, NoMask), isinstance(self.stem, SteeredStem)
        if masks and steered:
            raise ValueError("stem: the kind steered is for runs without a mask: set mask: {kind: none}")
        if not masks and not steered:
            raise ValueError(
                f"stem: without a mask there is no {self.stem.kind} part: set stem: {{kind: steered}}, "
                "or mask: {kind: ratio}"
            )
        return self

    @model_validator(mode="after")
    def _parts_are_there(self) -> "RunSettings":
        if not self.steering.needs_parts:
            return self
        if not self.generator.has_parts:
            raise ValueError(
                f"steering: {self.steering.kind} needs parts of the mixture, and the generator {self.generator.kind} "
                "makes none: set generator: {kind: components}, or steering: {kind: gradient}"
            )
        if not isinstance(self.mask, NoMask):
            raise ValueError(
                f"mask: {self.steering.kind} makes stems of parts, without another mask: set mask: {{kind: none}} and "
                "stem: {kind: steered}"
            )
        return self

    @model_validator(mode="after")
    def _gradient_fits_latents(self) -> "RunSettings":
        if not isinstance(self.steering, GradientSettings):
            return self
        if self.generator.has_parts and self.steering.learning_rate_unit == "latent-deviation":
            raise ValueError(
                "steering: the gains of parts are equal at first and have no deviation: set learning_rate_unit: "
                "absolute and, for example, learning_rate: 0.1"
            )
        if self.steering.smoothing and not self.generator.has_parts:
            raise ValueError(
                f"steering: smoothing draws gains of parts, and the generator {self.generator.kind} makes none: set "
                "smoothing: 0, or generator: {kind: components}"
            )
        return self

    @model_validator(mode="after")
    def _only_codecs_reconstruct(self) -> "RunSettings":
        if self.needs_reconstruction and not self.steers_codec:
            raise ValueError(
                f"mask: the generator {self.generator.kind} reconstructs nothing: set compared_with and applied_to to "
                "mixture"
            )
        return self

    @property
    def steers_codec(self) -> bool:
        """Whether the generator is a codec, which has codes and reconstructs the mixture."""
        return isinstance(self.generator, CodecSettings)

    @property
    def codec(self) -> str | None:
        """The name of the codec that the run steers, if its generator is one."""
        return self.generator.codec if isinstance(self.generator, CodecSettings) else None

    @property
    def needs_reconstruction(self) -> bool:
        """Whether the mask is compared with, or applied to, the codec's reconstruction."""
        needed: bool = self.mask.needs_reconstruction
        return needed

    @property
    def parts(self) -> tuple[str, str]:
        """What the stem is and what the other part is, by the names that the score tables use."""
        parts: tuple[str, str] = self.stem.parts
        return parts


def merged(preset: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a preset with those that a run has beside it, which win, group by group.

    A group without anything below it is the preset's. A group of another kind takes its place as a whole.
    """
    run = {**preset, **own}
    for group in GROUPS:
        given, ready = own.get(group), preset.get(group)
        if given is None and ready is not None:
            run[group] = ready
        elif isinstance(given, Mapping) and isinstance(ready, Mapping) and same_kind(given, ready):
            run[group] = {**ready, **given}
    return run


def same_kind(given: Mapping[str, Any], ready: Mapping[str, Any]) -> bool:
    """Whether a group that a run gives is of the kind of the preset's, or says none."""
    return "kind" not in given or given["kind"] == ready.get("kind")
