"""The settings of taggers: which ones listen in a run, and weights of the user's own."""

from typing import Literal

from pydantic import Field, FilePath

from stemsteer.registries import name_in
from stemsteer.taggers.sota_music_tagging.architectures import ARCHITECTURES
from stemsteer.taggers.vocabularies import vocabulary_names
from stemsteer.validation import Settings

# How audio that does not fill whole windows is heard; see `cut_into_windows`. By benchmarks/windows.py, what taggers
# say of 3 to 20 s of music is two to three times nearer to what they say of all 29 s if it is repeated than with zeros.
WindowPolicy = Literal["cover", "pad"]


class ListeningSettings(Settings):
    """Which taggers listen in a run, and how."""

    names: list[str] = Field(
        ["MTT_musicnn"], min_length=1, description="of the taggers that listen; their losses are averaged"
    )
    windows: WindowPolicy = Field(
        "cover", description="how taggers hear audio that does not fill their windows; pad: with silence, as TagBox"
    )


class SotaMusicTaggingSettings(Settings):
    """Weights of one's own for an architecture of sota-music-tagging-models."""

    kind: Literal["sota-music-tagging"] = "sota-music-tagging"
    architecture: name_in(ARCHITECTURES) = Field(description="of the network")  # type: ignore[valid-type]
    vocabulary: Literal[vocabulary_names()] = Field(description="the tags that it was trained on")  # type: ignore[valid-type]
    weights: FilePath = Field(description="its state dict, in the format of the published ones")
