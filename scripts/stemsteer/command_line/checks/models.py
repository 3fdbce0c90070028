"""Checks of the pretrained models."""

import shlex
from collections.abc import Iterable
from pathlib import Path

from stemsteer.command_line.checks.finding import Finding, note, ok, problem
from stemsteer.errors import UserError
from stemsteer.places import HOME

FORCE_REINSTALL = ("pip", "install", "--no-deps", "--force-reinstall")


def shipped() -> Finding:
    """Whether the models that ship with StemSteer are there and the published ones."""
    from stemsteer.models.registry import registry

    names = [name for name, model in registry().items() if model.ships]
    places, faults = _places(names), _faults(names)
    faults |= {name: f"{name} is missing" for name in names if name not in places}
    if not faults:
        return ok(f"verified: {', '.join(names)}")
    in_checkout = (HOME / ".git").exists()
    again = ["git", "-C", str(HOME), "restore", "resources"] if in_checkout else [*FORCE_REINSTALL, "stemsteer"]
    return problem("; ".join(faults.values()), "Restore the files of StemSteer:", shlex.join(again))


def of_musicnn() -> Finding:
    """Whether the package musicnn is there, and its weights the published ones."""
    from stemsteer.models.registry import tagger_models
    from stemsteer.taggers.musicnn_package.weights import read_weights

    models = {name: model for name, model in tagger_models().items() if model.package == "musicnn"}
    try:
        for name, model in models.items():
            read_weights(name, model)
    except UserError as error:
        sentence = str(error).partition(": `")[0]
        return problem(sentence, "Install the package:", shlex.join([*FORCE_REINSTALL, "musicnn==0.1.0"]))
    return ok(f"verified: {', '.join(models)}")


def fetched() -> Finding:
    """Whether the models that can be fetched are there and the published ones."""
    from stemsteer.models.registry import downloadable
    from stemsteer.models.weights import FOLDERS, folders

    absent = [str(folder) for folder in folders()[:-1] if not folder.is_dir()]
    if absent:
        return problem(
            f"{FOLDERS} names {', '.join(absent)}, which is no folder", "Correct the variable:", f"echo ${FOLDERS}"
        )
    names = downloadable()
    places, faults = _places(names), _faults(names)
    if faults:
        return problem(
            "; ".join(faults.values()),
            "Delete what is altered, and fetch it anew:",
            shlex.join(["rm", *(str(places[name]) for name in faults)]),
            shlex.join(["stemsteer", "models", "fetch", *faults]),
        )
    verified = f"verified: {', '.join(places) or 'none'}"
    missing = [name for name in names if name not in places]
    if missing:
        return note(
            f"{verified}; not on this machine: {', '.join(missing)}",
            "If a run of yours names one of them, fetch it, for example:",
            f"stemsteer models fetch {missing[0]}",
        )
    return ok(verified)


def _places(names: Iterable[str]) -> dict[str, Path]:
    """Where the files of models are; those that are missing are left out."""
    from stemsteer.models.registry import registry
    from stemsteer.models.weights import locate

    return {name: path for name in names if (path := locate(registry()[name]))}


def _faults(names: Iterable[str]) -> dict[str, str]:
    """Of models whose files are not the published ones, how they differ."""
    from stemsteer.models.registry import registry
    from stemsteer.models.weights import fault_of

    found = {name: (path, fault_of(registry()[name], path)) for name, path in _places(names).items()}
    return {name: f"{path} is altered: {fault}" for name, (path, fault) in found.items() if fault}
