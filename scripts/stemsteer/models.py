"""The pretrained models: the registry in `resources/models.yaml`, where their files lie, and their verification."""

import hashlib
import os
import shutil
import urllib.request
from functools import cache
from http.client import HTTPException
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict
from tqdm import tqdm

from stemsteer.errors import UserError
from stemsteer.files import written_whole
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


def names_of(kind: Literal["generator", "tagger"]) -> list[str]:
    """The names of all models of a kind."""
    return [name for name, model in registry().items() if model.kind == kind]


def cache_folder() -> Path:
    """Where fetched models are kept: `$XDG_CACHE_HOME/stemsteer`, by default `~/.cache/stemsteer`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "stemsteer"


def find(name: str) -> Path:
    """The verified file of a registered model.

    Raises:
        UserError: there is no such model, its file is not on this machine, or the file is not the published one.
    """
    model = _entry(name)
    if (path := _present(model)) is None:
        raise UserError(
            f"the weights of {name} are not on this machine: fetch them with `snakemake models`, or name a folder that "
            f"holds {model.file} in the environment variable STEMSTEER_MODELS (licence: {model.licence})"
        )
    if not _is_published(model, path):
        raise UserError(
            f"{path} is not the published file of {name} (its sha256 is not {model.sha256}); "
            "delete it and fetch it again"
        )
    return path


def fetch(name: str) -> Path:
    """Like `find`, but download the file into the cache where it is missing.

    Raises:
        UserError: also when the download fails, or is not the published file.
    """
    model = _entry(name)
    if _present(model) is None:
        if not model.url:
            raise UserError(f"the weights of {name} are not on this machine and have no address to be fetched from")
        place = cache_folder() / str(model.file)
        with written_whole(place) as part:
            try:
                _download(model.url, part)
            except (OSError, HTTPException) as error:
                raise UserError(
                    f"{model.url} could not be downloaded ({error}); try again, or put the file at {place} by hand"
                ) from error
            if not _is_published(model, part):
                raise UserError(
                    f"{model.url} gave a file that is cut off, or is not the published one of {name}; "
                    f"try again, or put the file at {place} by hand"
                )
    return find(name)


def _entry(name: str) -> Model:
    if name not in registry():
        raise UserError(f"there is no model {name!r}{did_you_mean(name, registry())}; resources/models.yaml lists them")
    model = registry()[name]
    if model.file is None:
        raise UserError(f"the model {name} is part of the package {model.package} and has no file of its own")
    return model


def _present(model: Model) -> Path | None:
    places = (RESOURCES,) if model.ships else (os.environ.get("STEMSTEER_MODELS"), cache_folder())
    candidates = (Path(place) / str(model.file) for place in places if place)
    return next((path for path in candidates if path.is_file()), None)


def _download(url: str, target: Path) -> None:
    with urllib.request.urlopen(url, timeout=60) as answer, target.open("wb") as file:
        size = int(answer.headers.get("Content-Length") or 0) or None
        with tqdm.wrapattr(answer, "read", size, desc=url.rsplit("/", 1)[-1], unit="B", unit_scale=True) as stream:
            shutil.copyfileobj(stream, file)


def _is_published(model: Model, path: Path) -> bool:
    return model.sha256 is None or sha256(path) == model.sha256


def sha256(path: Path) -> str:
    """Hexadecimal sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
