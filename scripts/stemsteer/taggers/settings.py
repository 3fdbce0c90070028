"""The settings of taggers: which ones listen in a run, and weights of the user's own."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field, FilePath, PositiveInt, field_validator

from stemsteer.errors import UserError
from stemsteer.models.registry import TaggerModel, VocabularyTaggerModel
from stemsteer.registries import name_in
from stemsteer.taggers.sota_music_tagging.architectures import ARCHITECTURES
from stemsteer.taggers.vocabularies import read_tags
from stemsteer.validation import Settings

# By benchmarks/windows.py, what taggers say of 3 to 20 s of music is two to three times nearer to what they say of all
# 29 s with `cover` than with `pad`.
WindowPolicy = Literal["cover", "pad"]
"""How audio that does not fill whole windows is heard; see `cut_into_windows`."""


class ListeningSettings(Settings):
    """Which taggers listen in a run, and how."""

    names: list[str] = Field(
        ["MTT_vgg", "instruments"], min_length=1, description="of the taggers that listen; their losses are averaged"
    )
    windows: WindowPolicy = Field(
        "cover", description="how taggers hear audio that does not fill their windows; pad: with silence, as TagBox"
    )


class OwnTaggerSettings(Settings, ABC):
    """Weights of the user's own for a tagger.

    Attributes:
        kind: in `OWN_TAGGERS`.
        differentiable: whether logits have a gradient with respect to the audio.
    """

    differentiable: ClassVar[bool] = True

    kind: str

    @property
    @abstractmethod
    def files(self) -> list[Path]:
        """All files of the tagger: other content makes another tagger of it."""

    @abstractmethod
    def model(self, name: str) -> TaggerModel:
        """What the registry of models would say of the tagger, which the config calls so."""


class SotaMusicTaggingSettings(OwnTaggerSettings):
    """Weights of the user's own for an architecture of sota-music-tagging-models."""

    kind: Literal["sota-music-tagging"] = "sota-music-tagging"
    architecture: name_in(ARCHITECTURES) = Field(description="of the network")  # type: ignore[valid-type]
    vocabulary: Literal["jamendo", "msd", "mtat"] = Field(description="the tags that it was trained on")
    weights: FilePath = Field(description="its state dict, in the format of the published ones")

    @property
    def files(self) -> list[Path]:
        return [self.weights]

    def model(self, name: str) -> TaggerModel:
        return VocabularyTaggerModel(
            kind="tagger",
            family="sota-music-tagging",
            architecture=self.architecture,
            vocabulary=self.vocabulary,
            licence="unknown (a local file)",
            citation="none",
        )


class OnnxSettings(OwnTaggerSettings):
    """Any network in an ONNX file, from samples to one number for each label."""

    differentiable: ClassVar[bool] = False

    kind: Literal["onnx"] = "onnx"
    weights: FilePath = Field(
        description="the ONNX file: one input [batch, samples] or [batch, 1, samples], an output [batch, labels] or "
        "[batch, frames, labels]"
    )
    labels: FilePath = Field(description="a text file with a label on each line, in the order of the outputs")
    sample_rate: PositiveInt = Field(16000, description="of the audio that the network hears, Hz")
    window_seconds: float = Field(3.0, ge=0.1, le=60, description="how much audio it hears at once, s")
    output: Literal["logits", "probabilities"] = Field("logits", description="what comes out of the network")
    activation: Literal["sigmoid", "softmax"] = Field(
        "sigmoid", description="what makes probabilities of logits; softmax: exactly one label is there at a time"
    )
    licence: str = Field("unknown (a local file)", min_length=1, description="of the file, for the provenance")

    @field_validator("labels")
    @classmethod
    def _labels_are_a_list(cls, path: Path) -> Path:
        try:
            read_tags(path)
        except UserError as error:
            raise ValueError(str(error)) from None
        return path

    @property
    def files(self) -> list[Path]:
        return [self.weights, self.labels]

    def model(self, name: str) -> TaggerModel:
        return VocabularyTaggerModel(
            kind="tagger",
            family="onnx",
            architecture="onnx",
            vocabulary=name,
            tags=read_tags(self.labels),
            licence=self.licence,
            citation="none",
        )
