"""The settings of taggers: which ones listen in a run, and weights of the user's own."""

from abc import ABC, abstractmethod
from typing import Literal

from pydantic import Field, FilePath

from stemsteer.models.registry import TaggerModel, VocabularyTaggerModel
from stemsteer.registries import name_in
from stemsteer.taggers.sota_music_tagging.architectures import ARCHITECTURES
from stemsteer.validation import Settings

# By benchmarks/windows.py, what taggers say of 3 to 20 s of music is two to three times nearer to what they say of all
# 29 s with `cover` than with `pad`.
WindowPolicy = Literal["cover", "pad"]
"""How audio that does not fill whole windows is heard; see `cut_into_windows`."""


class ListeningSettings(Settings):
    """Which taggers listen in a run, and how."""

    names: list[str] = Field(
        ["MTT_vgg"], min_length=1, description="of the taggers that listen; their losses are averaged"
    )
    windows: WindowPolicy = Field(
        "cover", description="how taggers hear audio that does not fill their windows; pad: with silence, as TagBox"
    )


class OwnTaggerSettings(Settings, ABC):
    """Weights of the user's own for a tagger.

    Attributes:
        kind: in `OWN_TAGGERS`.
    """

    kind: str

    @abstractmethod
    def model(self) -> TaggerModel:
        """What the registry of models would say of this tagger."""


class SotaMusicTaggingSettings(OwnTaggerSettings):
    """Weights of the user's own for an architecture of sota-music-tagging-models."""

    kind: Literal["sota-music-tagging"] = "sota-music-tagging"
    architecture: name_in(ARCHITECTURES) = Field(description="of the network")  # type: ignore[valid-type]
    vocabulary: Literal["jamendo", "msd", "mtat"] = Field(description="the tags that it was trained on")
    weights: FilePath = Field(description="its state dict, in the format of the published ones")

    def model(self) -> TaggerModel:
        return VocabularyTaggerModel(
            kind="tagger",
            family="sota-music-tagging",
            architecture=self.architecture,
            vocabulary=self.vocabulary,
            licence="unknown (a local file)",
            citation="none",
        )
