"""Import the packages of peers and load their models; every error becomes a sentence for the user."""

import importlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType

from stemsteer.compared.settings import PeerSettings
from stemsteer.errors import UserError, first_line


def imported(module: str) -> ModuleType:
    """A module of another package.

    Raises:
        UserError: the package cannot be imported.
    """
    try:
        return importlib.import_module(module)
    except (ImportError, OSError) as error:
        package = module.split(".")[0]
        raise UserError(
            f"the package {package} cannot be imported ({first_line(error)}): install it with `pip install {package}` "
            "where jobs run, or take its peers out of the config"
        ) from None


def check_source(source: str, targets: Sequence[str], peer: PeerSettings) -> None:
    """Check that the model of a peer can separate a source.

    Raises:
        UserError: the source is not among the model's `targets`.
    """
    if source not in targets:
        there = f"only for {', '.join(targets)}" if targets else "for no source"
        raise UserError(
            f"{str(peer.weights)!r} holds a model of {peer.package} {there}, not for {source}: add its files, or take "
            "the peer out of the config (docs/scores.md says what belongs into the folder)"
        )


@contextmanager
def loading(peer: PeerSettings) -> Iterator[None]:
    """Load the model of a peer.

    Raises:
        UserError: any error occurred. The packages raise many kinds of exceptions, and Demucs may end the process.
    """
    try:
        yield
    except SystemExit:
        raise UserError(
            f"{str(peer.weights)!r}: the model {peer.model} of demucs is quantised: install the package diffq where "
            "jobs run, or take another model"
        ) from None
    except Exception as error:
        raise UserError(
            f"{str(peer.weights)!r}: no model of {peer.package} can be loaded from there ({type(error).__name__}: "
            f"{first_line(error)}); docs/scores.md says what belongs into the folder"
        ) from None
