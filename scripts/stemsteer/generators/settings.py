"""The settings of generators: which one a run steers, and the weights of codecs."""

from typing import Literal

from pydantic import Field

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
    """

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
