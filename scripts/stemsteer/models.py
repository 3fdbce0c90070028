"""The pretrained models: the registry in `resources/models.yaml`, where their files lie, and their verification."""

import hashlib
import os
from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

from stemsteer.errors import UserError
from stemsteer.names import did_you_mean

RESOURCES = Path(__file__).resolve().parents[2] / "resources"


class Model(BaseModel):
    """One entry of the registry.

    `file` is relative to `resources/` for a model that ships with StemSteer, otherwise to the folder that the
    environment variable STEMSTEER_MODELS names, or to the cache.
    """

    model_config = ConfigDict(extra="forbid")

    kind: Literal["generator", "tagger"]
    family: str
    file: str | None = None
    ships: bool = False
    package: str | None = None
    vocabulary: str | None = None
    url: str | None = None
    sha256: str | None = None
    licence: str
    citation: str


@cache
def registry() -> dict[str, Model]:
    """All models by name."""
    entries = yaml.safe_load((RESOURCES / "models.yaml").read_text(encoding="utf-8"))
    return {name: Model.model_validate(entry) for name, entry in entries.items()}


def cache_folder() -> Path:
    """Where fetched models are kept: `$XDG_CACHE_HOME/stemsteer`, by default `~/.cache/stemsteer`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "stemsteer"


def find(name: str) -> Path:
    """The verified file of a registered model.

    Raises:
        UserError: there is no such model, its file is not on this machine, or the file is not the published one.
    """
    if name not in registry():
        raise UserError(f"there is no model {name!r}{did_you_mean(name, registry())}; resources/models.yaml lists them")
    model = registry()[name]
    if model.file is None:
        raise UserError(f"the model {name} is part of the package {model.package} and has no file of its own")
    folders = [RESOURCES] if model.ships else [_local_models(), cache_folder()]
    for folder in folders:
        if folder is not None and (folder / model.file).is_file():
            return _verified(name, model, folder / model.file)
    raise UserError(
        f"the weights of {name} are not on this machine: put {model.url} at {cache_folder() / model.file}, or name a folder "
        f"that holds {model.file} in the environment variable STEMSTEER_MODELS (licence: {model.licence})"
    )


def _local_models() -> Path | None:
    folder = os.environ.get("STEMSTEER_MODELS")
    return Path(folder) if folder else None


def _verified(name: str, model: Model, path: Path) -> Path:
    if model.sha256 and (found := sha256(path)) != model.sha256:
        raise UserError(
            f"{path} is not the published file of {name} (sha256 {found}, expected {model.sha256}); delete it and fetch it again"
        )
    return path


def sha256(path: Path) -> str:
    """Hexadecimal sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
