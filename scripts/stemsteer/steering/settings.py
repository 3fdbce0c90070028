"""The settings of steerings."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from stemsteer.registries import name_in
from stemsteer.steering.objectives import OBJECTIVES
from stemsteer.validation import Precision, Settings

Share = Annotated[float, Field(gt=0, lt=1)]


class SteeringSettings(Settings):
    """What all steerings share: the chunks of a track, which are steered one by one, and how exactly is computed.

    Attributes:
        kind: in `STEERINGS`.
        needs_gradient: whether only differentiable taggers can be steered by.
        one_tagger_suffices: whether a source can be asked for that only some of the taggers know.
        needs_parts: whether only generators can be steered that take the mixture apart.
        sources_are_independent: whether each source comes out as if it were alone, whatever else is asked for.
        sources_share_answers: whether what costs most is done once for all sources of a track.
    """

    needs_gradient: ClassVar[bool] = False
    one_tagger_suffices: ClassVar[bool] = False
    needs_parts: ClassVar[bool] = False
    sources_are_independent: ClassVar[bool] = True
    sources_share_answers: ClassVar[bool] = False

    kind: str

    chunk_seconds: PositiveFloat = Field(12.0, ge=1, description="longest chunk; each is steered on its own")
    overlap_seconds: PositiveFloat = Field(1.0, description="that neighbouring chunks share and are cross-faded over")
    precision: Precision = Field("float32", description="of large products: float32, tf32 (CUDA) or bfloat16")
    seed: int = Field(0, ge=0, description="from which the seeds of all chunks are derived")
    threads: PositiveInt = Field(1, description="CPU threads of a job; they change the last bits of the result")

    @property
    def solves_sources_together(self) -> bool:
        """Whether one job is best for all sources of a track.

        Else sources can be steered one after the other for want of memory.
        """
        return self.sources_share_answers or not self.sources_are_independent

    @property
    def competitors(self) -> list[str]:
        """Sources that the taggers are asked about besides those that a track is asked for."""
        return []

    @property
    def most_steps(self) -> int:
        """The most steps that are taken on a chunk; time and progress are counted in them."""
        return 1

    @property
    def hearings_of_a_step(self) -> int:
        """How many signals the taggers hear at a step, which decides how long it takes."""
        return 1

    @model_validator(mode="after")
    def _overlap_fits(self) -> "SteeringSettings":
        if 3 * self.overlap_seconds > self.chunk_seconds:
            raise ValueError("overlap_seconds must be at most a third of chunk_seconds")
        return self


class GradientSettings(SteeringSettings):
    """Adam on the latents of each source."""

    needs_gradient: ClassVar[bool] = True

    kind: Literal["gradient"] = "gradient"
    objective: name_in(OBJECTIVES) = Field("cross-entropy", description="what is lowered")  # type: ignore[valid-type]
    steps: int = Field(50, ge=0, description="of Adam")
    learning_rate: PositiveFloat = Field(2.5, description="Adam's, in the unit below")
    learning_rate_unit: Literal["latent-deviation", "absolute"] = Field(
        "latent-deviation", description="latent-deviation: times the standard deviation of the mixture's latents"
    )
    schedule: Literal["constant", "cosine"] = Field(
        "constant", description="of the learning rate; cosine: falling to nothing at the last step"
    )
    patience: PositiveInt | None = Field(
        None, description="stop where the best loss has not fallen by 0.1 % in so many steps; null: take all steps"
    )
    smoothing: int = Field(
        0,
        ge=0,
        description="random gains of the parts, between 0.2 and 1, over which the gradient is averaged at every step; "
        "0: the gradient of the latents as they are",
    )
    keep: Literal["last", "best"] = Field(
        "last", description="the step that becomes the stem; best: of the lowest loss"
    )

    @property
    def most_steps(self) -> int:
        return self.steps

    @property
    def hearings_of_a_step(self) -> int:
        return 1 + self.smoothing


FULL_SET = ("vocals", "drums", "bass", "guitar", "piano", "strings")
"""The sources that compete for the parts of every mixture: those that most taggers know well."""


class PerturbationSettings(SteeringSettings):
    """Random subsets of the parts are played to the taggers; a regression on their answers shares the parts out."""

    one_tagger_suffices: ClassVar[bool] = True
    needs_parts: ClassVar[bool] = True
    sources_share_answers: ClassVar[bool] = True

    kind: Literal["perturbation"] = "perturbation"
    subsets: Annotated[int, Field(ge=4, multiple_of=2)] = Field(
        16, description="of the parts of each dictionary that are played; every second one is a complement"
    )
    kept: tuple[Share, Share] = Field((0.4, 0.7), description="the smallest and the largest share of parts in a subset")
    penalty: PositiveFloat = Field(1.0, description="of the ridge regression on the effect of a part")
    temperature: PositiveFloat = Field(
        0.8, description="of the competition, in standard deviations of an answer; lower: sharper"
    )
    part_weight: float = Field(
        0.5, ge=0, description="of the logits of taggers that know single parts, which hear these besides the subsets"
    )
    percussive_weight: float = Field(
        1.5, ge=0, description="of percussive sounds, as evidence for drums and, half as much, against other sources"
    )
    low_weight: float = Field(
        0.5, ge=0, description="of low sounds, as evidence for bass and against the others but drums"
    )
    presence_weight: float = Field(
        1.0, ge=0, description="of what the taggers say of the whole mixture; 0: all sources compete alike"
    )
    competing: list[str] = Field(
        list(FULL_SET),
        min_length=1,
        description="the sources that compete for every part of every track, whatever a track is asked for",
    )

    @property
    def competitors(self) -> list[str]:
        return self.competing

    @property
    def most_steps(self) -> int:
        return self.subsets

    def asked(self) -> dict[str, Any]:
        """The settings that change what the taggers are asked, in values that JSON can hold."""
        deciding = {
            "penalty",
            "temperature",
            "part_weight",
            "percussive_weight",
            "low_weight",
            "presence_weight",
            "competing",
        }
        return self.model_dump(mode="json", exclude=deciding)
