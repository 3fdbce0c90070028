"""The settings of masks, and of which part of the mixture becomes the stem."""

from typing import Annotated, Literal

from pydantic import Field

from stemsteer.validation import Settings

FftSize = Annotated[int, Field(ge=64, le=65536, multiple_of=2)]
# What a mask can be compared with and applied to: the mixture, or what the generator makes of it without any steering.
MaskedSignal = Literal["mixture", "reconstruction"]


class RatioMask(Settings):
    """The mask of the paper: how much of the mixture's magnitude the steered signal has, bin by bin."""

    kind: Literal["ratio"] = "ratio"
    fft_sizes: list[FftSize] = Field(
        [2048, 1024, 512], min_length=1, description="in samples at 44.1 kHz; several are averaged"
    )
    compared_with: MaskedSignal = Field(
        "mixture",
        description="what the steered signal is compared with: the mixture, or the codec's reconstruction of it",
    )
    applied_to: MaskedSignal = Field(
        "mixture", description="what the mask is applied to: the mixture, or the codec's reconstruction of it"
    )
    edges: Literal["zeros", "reflect"] = Field(
        "zeros", description="what lies around a signal whose spectrogram is taken: silence, or its mirror image"
    )

    @property
    def needs_reconstruction(self) -> bool:
        """Whether it is compared with, or applied to, what the generator makes of the mixture without steering."""
        return "reconstruction" in (self.compared_with, self.applied_to)


class NoMask(Settings):
    """The steered signal itself is heard and is the stem (the paper's style transfer)."""

    kind: Literal["none"] = "none"

    @property
    def needs_reconstruction(self) -> bool:
        """Always False."""
        return False


class StemKindBase(Settings):
    """What all stems share."""

    absent: Literal["keep", "silence"] = Field(
        "keep", description="what becomes of the stem of a source that the taggers do not hear in the mixture"
    )


class MaskedStem(StemKindBase):
    """The stem is what the mask lets through; the rest is written beside it."""

    kind: Literal["masked"] = "masked"
    fft_size: Literal["combined"] | FftSize = Field(
        "combined", description="of the stem's mask: combined averages those of all fft_sizes"
    )

    @property
    def parts(self) -> tuple[str, str]:
        """What the stem is and what the other part is, by the names in the score tables."""
        return "masked", "residual"


class ResidualStem(MaskedStem):
    """The stem is what the mask takes away (the paper's output); the rest is written beside it."""

    kind: Literal["residual"] = "residual"  # type: ignore[assignment]

    @property
    def parts(self) -> tuple[str, str]:
        return "residual", "masked"


class SteeredStem(StemKindBase):
    """The stem is the steered signal, where there is no mask; the mixture less the stem is written beside it."""

    kind: Literal["steered"] = "steered"

    @property
    def parts(self) -> tuple[str, str]:
        """What the stem is and what the other part is, by the names in the score tables."""
        return "steered", "residual"


MaskSettings = RatioMask | NoMask
StemKindSettings = MaskedStem | ResidualStem | SteeredStem
