"""The pretrained models: the registry in `resources/models.yaml`, where their files lie, and their verification."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from functools import cache
from http.client import HTTPException
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict

from stemsteer.errors import UserError
from stemsteer.models.downloads import download, one_at_a_time
from stemsteer.names import did_you_mean
from stemsteer.places import RESOURCES, cache_folder

# The environment variable with the folders of one's own in which models are looked for, separated as those of PATH.
FOLDERS = "STEMSTEER_MODELS"


class Model(BaseModel):
    """One entry of the registry.

    `file` is relative to `resources/` for a model that ships with StemSteer, otherwise to one of the `folders`.
    `size` is in bytes. `architecture_citation` is there where `citation`, of the weights, is not of the architecture.
    """

    model_config = ConfigDict(extra="forbid")

    kind: Literal["generator", "tagger"]
    family: str
    architecture: str | None = None
    vocabulary: str | None = None
    file: str | None = None
    ships: bool = False
    package: str | None = None
    url: str | None = None
    size: int | None = None
    sha256: str | None = None
    git_blob: str | None = None
    licence: str
    citation: str
    architecture_citation: str | None = None


@cache
def registry() -> dict[str, Model]:
    """All models by name."""
    return dict(_models_in(yaml.safe_load((RESOURCES / "models.yaml").read_text(encoding="utf-8")), {}))


def _models_in(entries: Mapping[str, Any], shared: Mapping[str, Any]) -> Iterator[tuple[str, Model]]:
    """The models among entries that may be groups, whose keys are shared by the models in them."""
    for name, own in entries.items():
        entry = {**shared, **own}
        if "models" in entry:
            yield from _models_in(entry.pop("models"), entry)
        else:
            places = {key: entry[key].format(**entry) for key in ("file", "url") if key in entry}
            yield name, Model.model_validate({**entry, **places})


def names_of(kind: Literal["generator", "tagger"]) -> list[str]:
    """The names of all models of a kind."""
    return [name for name, model in registry().items() if model.kind == kind]


def published_digest(name: str) -> str | None:
    """What tells the published file of a model from an earlier one; nothing for a path to a file of the user's."""
    model = registry().get(name)
    return (model.sha256 or model.git_blob) if model else None


def downloadable() -> list[str]:
    """The names of all models that neither ship with StemSteer nor with a package."""
    return [name for name, model in registry().items() if model.url]


def folders() -> list[Path]:
    """Where models are looked for, the first place first: the folders of STEMSTEER_MODELS, then the cache."""
    return [*map(Path, _own_folders()), cache_folder()]


def look_in(folder: str) -> None:
    """Look for models in one more folder, before the cache, in this process and in those that it starts.

    Raises:
        UserError: there is no such folder.
    """
    path = Path(folder).expanduser().absolute()
    if not path.is_dir():
        raise UserError(f"config: models: there is no folder {folder!r}; correct the path, or leave the key out")
    os.environ[FOLDERS] = os.pathsep.join(dict.fromkeys([*_own_folders(), str(path)]))


def _own_folders() -> list[str]:
    return [folder for folder in os.environ.get(FOLDERS, "").split(os.pathsep) if folder]


def locate(model: Model) -> Path | None:
    """The file of a model, unverified, or nothing if it is not on this machine or part of a package."""
    if model.file is None:
        return None
    candidates = (folder / model.file for folder in ([RESOURCES] if model.ships else folders()))
    return next((path for path in candidates if path.is_file()), None)


def find(name: str) -> Path:
    """The verified file of a registered model.

    Raises:
        UserError: there is no such model, its file is not on this machine, or the file is not the published one.
    """
    model = _with_file(name)
    if (path := locate(model)) is None:
        raise UserError(
            f"the weights of {name} are not on this machine: fetch them with `snakemake models`, which needs a "
            f"network, or name a folder that holds {model.file} in the environment variable {FOLDERS} or under "
            f"`models` in the config (looked in: {', '.join(map(str, folders()))}; licence: {model.licence})"
        )
    if fault := fault_of(model, path):
        raise UserError(
            f"{path} is not the published file of {name} ({fault}); delete it and fetch it anew with `snakemake models`"
        )
    return path


def fetch(name: str) -> Path:
    """Like `find`, but download the file into the cache where it is missing.

    Raises:
        UserError: also when the download fails, or is not the published file.
    """
    model = _with_file(name)
    if locate(model) is None:
        if not model.url:
            raise UserError(f"the weights of {name} are not on this machine and have no address to be fetched from")
        with one_at_a_time(cache_folder() / "downloads.lock"):
            # Another process may have been quicker.
            if locate(model) is None:
                _download(name, model, cache_folder() / str(model.file))
    return find(name)


def _download(name: str, model: Model, place: Path) -> None:
    part = place.with_name(f"{place.name}.part")
    hint = f"or put the file at {place} by hand"
    try:
        download(str(model.url), part, name)
    except (OSError, HTTPException) as error:
        raise UserError(
            f"{model.url} could not be downloaded ({error}); try again (what has come is kept), {hint}"
        ) from error
    if fault := fault_of(model, part):
        part.unlink()
        raise UserError(
            f"what came from {model.url} is not the published file of {name} ({fault}), and is deleted; "
            f"try again, {hint}"
        )
    os.replace(part, place)


def _with_file(name: str) -> Model:
    if name not in registry():
        hint = did_you_mean(name, registry())
        raise UserError(f"there is no model {name!r}{hint}; `python -m stemsteer models` lists them")
    model = registry()[name]
    if model.file is None:
        raise UserError(f"the model {name} is part of the package {model.package} and has no file of its own")
    return model


def fault_of(model: Model, path: Path) -> str | None:
    """What tells a file from the published one of a model: size, sha256 or git blob id. Nothing if it is that one."""
    if model.size is not None and (size := path.stat().st_size) != model.size:
        return f"it has {size:,} bytes, not {model.size:,}"
    if model.sha256 is not None and (digest := sha256(path)) != model.sha256:
        return f"its sha256 is {digest}, not {model.sha256}"
    if model.git_blob is not None and (blob := git_blob(path)) != model.git_blob:
        return f"its git blob id is {blob}, not {model.git_blob}"
    return None


def sha256(path: Path) -> str:
    """Hexadecimal sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def git_blob(path: Path) -> str:
    """The id that git gives a file: the hexadecimal sha1 of a header with its size, and its content."""
    digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size)
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: digest).hexdigest()
