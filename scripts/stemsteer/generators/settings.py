"""The settings of generators: which one a run steers, and the weights of codecs."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, PositiveInt

from stemsteer.generators.codebooks import CODEBOOKS
from stemsteer.registries import name_in
from stemsteer.validation import Settings


class CodecWeights(Settings):
    """Which weights a codec has."""

    weights: str = Field(
        "embedded", description="a generator of resources/models.yaml, or a path to a checkpoint of that format"
    )
    level: Literal[0, 1, 2] = Field(
        0, description="Jukebox's level: 0 is the bottom one, hop 8, which the paper steers"
    )


class GeneratorSettings(Settings):
    """What the settings of all generators share.

    Attributes:
        kind: in `GENERATORS`.
        has_parts: whether the generator takes a mixture apart into parts that can be heard.
    """

    has_parts: ClassVar[bool] = False

    kind: str


class CodecSettings(GeneratorSettings):
    """A codec whose latents are steered."""

    kind: Literal["codec"] = "codec"
    codec: str = Field("embedded", description="a name under `codecs`")
    codebook: name_in(CODEBOOKS) = Field(  # type: ignore[valid-type]
        "frozen",
        description="reinit-ema: redrawn from the mixture and moved at every step, as in TagBox's code; none: latents "
        "are decoded as they are",
    )


class ComponentsSettings(GeneratorSettings):
    """Components of the mixture, found by non-negative matrix factorisation; their gains are steered."""

    has_parts: ClassVar[bool] = True

    kind: Literal["components"] = "components"
    dictionaries: PositiveInt = Field(4, description="factorisations of the mixture, each with other random beginnings")
    components: int = Field(24, ge=2, description="of each dictionary")
    windows: list[Annotated[float, Field(ge=0.005, le=1)]] = Field(
        [0.046, 0.093], min_length=1, description="of the spectrograms, s; the dictionaries take them in turns"
    )
    iterations: PositiveInt = Field(150, description="of each factorisation")
