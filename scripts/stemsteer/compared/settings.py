"""The settings of peers: supervised separators of other packages."""

import re

from pydantic import DirectoryPath, Field, field_validator, model_validator

from stemsteer.compared import PEERS
from stemsteer.registries import name_in
from stemsteer.validation import Settings

PEER_SOURCES = ("vocals", "drums", "bass")
"""The sources that the published models of peers separate."""


class PeerSettings(Settings):
    """A supervised separator of another package, with weights in a folder."""

    package: name_in(PEERS) = Field(description="that separates; it must be installed")  # type: ignore[valid-type]
    weights: DirectoryPath = Field(description="a folder with the model's files, as its package reads them")
    model: str | None = Field(
        None,
        description="of those in the folder, for demucs: the name of a .yaml or .th file there, without its suffix",
    )

    @field_validator("model")
    @classmethod
    def _model_is_in_the_folder(cls, model: str | None) -> str | None:
        # Demucs takes other names, hf://..., for models to download.
        if model is not None and not re.fullmatch(r"[\w-]+", model):
            raise ValueError(
                f"{model!r} cannot be the name of a model; name a .yaml or .th file (letters, digits, _ and -) in the "
                "folder, without its suffix"
            )
        return model

    @model_validator(mode="after")
    def _model_is_of_demucs(self) -> "PeerSettings":
        if self.package == "demucs" and self.model is None:
            raise ValueError("demucs needs the name of a model, such as model: htdemucs")
        if self.package == "open-unmix" and self.model is not None:
            raise ValueError("a folder holds one model of open-unmix: leave model out")
        return self
