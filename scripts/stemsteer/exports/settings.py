"""The settings of exports."""

import posixpath
import re
from pathlib import PurePosixPath
from string import Formatter
from typing import Literal

from pydantic import Field, field_validator, model_validator

from stemsteer.validation import Settings

PLACES = ("run", "track", "source", "ext")
"""What a template of file names can have in braces."""

REST = ""
"""Stands for the rest of the mixture among the sources of a track: no source has an empty name."""

LIKE_RESULTS = re.compile(r"(results|logs|\.snakemake)(/|$)", re.IGNORECASE)


class ExportSettings(Settings):
    """How stems are exported: to files for people, beside those of the workflow."""

    folder: str = Field("stems", min_length=1, description="where exported stems lie")
    filename: str = Field(
        "{track}/{source}.{ext}",
        description="of each stem in that folder, with {track}, {source}, {ext}, and {run} where there are several",
    )
    container: Literal["wav", "flac", "mp3"] = Field("wav", description="file format")
    encoding: Literal["float32", "int24", "int16"] = Field("float32", description="samples of wav and flac")
    clip: Literal["none", "clamp", "rescale"] = Field(
        "none",
        description="samples beyond full scale: none keeps them where the encoding can, clamp cuts them off, rescale "
        "turns down all stems of a track until none are left",
    )
    rest: str | None = Field(
        "rest", min_length=1, description="what the mixture without the stems is called among them; null: left out"
    )

    def is_written_as(self, container: str, encoding: str) -> bool:
        """Whether exported files are those of stems of this format, sample by sample."""
        return (self.container, self.encoding, self.clip) == (container, encoding, "none")

    @field_validator("filename")
    @classmethod
    def _filename_is_a_template(cls, filename: str) -> str:
        example = 'write it like "{track}/{source}.{ext}"'
        try:
            found = [field for field in Formatter().parse(filename) if field[1] is not None]
        except ValueError as error:
            raise ValueError(f"{filename!r} cannot be understood ({error}); {example}") from None
        for _, place, form, conversion in found:
            if place not in PLACES or form or conversion:
                told = f"{place}{f'!{conversion}' if conversion else ''}{f':{form}' if form else ''}"
                known = ", ".join(f"{{{name}}}" for name in PLACES)
                raise ValueError(f"{filename!r} has {{{told}}}, which means nothing here ({known} do); {example}")
        places = {place for _, place, _, _ in found}
        if "source" not in places:
            raise ValueError(f"{filename!r} has no {{source}}, so that all stems would be one file; {example}")
        path = PurePosixPath(filename)
        if path.is_absolute() or ".." in path.parts:
            raise ValueError(f"{filename!r} leaves the folder of the exported stems; {example}")
        return filename

    @model_validator(mode="after")
    def _files_are_not_among_the_workflows(self) -> "ExportSettings":
        if LIKE_RESULTS.match(posixpath.normpath(f"{self.folder}/{self.filename}")):
            raise ValueError(f"{self.folder!r} is a folder of the workflow's own; choose another one, such as stems")
        return self

    @model_validator(mode="after")
    def _filename_is_one_of_the_container(self) -> "ExportSettings":
        if not self.filename.endswith((".{ext}", f".{self.container}")):
            raise ValueError(
                f"filename: {self.filename!r} does not end in .{{ext}}, as the files of {self.container} do"
            )
        return self

    @model_validator(mode="after")
    def _flac_is_integer(self) -> "ExportSettings":
        refuse_flac_of_floats(self.container, self.encoding)
        return self

    @property
    def places(self) -> set[str]:
        """What the template of file names has in braces."""
        return {place for _, place, _, _ in Formatter().parse(self.filename) if place is not None}


def refuse_flac_of_floats(container: str, encoding: str) -> None:
    """Refuse a format that there is not.

    Raises:
        ValueError: with what to choose.
    """
    if container == "flac" and encoding == "float32":
        raise ValueError("flac has no float32: choose encoding int24 or int16, or container wav")
