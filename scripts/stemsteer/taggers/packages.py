"""Import packages that only some taggers need."""

import importlib
from types import ModuleType

from stemsteer.errors import UserError, first_line


def imported(module: str, tagger: str) -> ModuleType:
    """A module of a package that a tagger needs.

    Raises:
        UserError: the package cannot be imported.
    """
    try:
        return importlib.import_module(module)
    except (ImportError, OSError) as error:
        package = module.split(".")[0]
        raise UserError(
            f"the tagger {tagger} needs the package {package}, which cannot be imported ({first_line(error)}): install "
            f"it with `pip install {package}` where jobs run, or choose another tagger"
        ) from None
