"""StemSteer's library: everything that the workflow's scripts call, and `separate` for notebooks (docs/python.md)."""

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.2.0"

# A parameter of every job whose result depends on the method. Raise it by one when a change of the code changes what is
# computed: Snakemake then makes the results anew.
METHOD_VERSION = 5

if TYPE_CHECKING:
    from stemsteer.api import Heard, Separation, separate

__all__ = ["METHOD_VERSION", "Heard", "Separation", "__version__", "separate"]

if not TYPE_CHECKING:
    # PyTorch takes seconds to import, and every job reads the versions above.
    def __getattr__(name: str) -> Any:
        """Import the Python API when it is first used (PEP 562)."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(importlib.import_module("stemsteer.api"), name)

    def __dir__() -> list[str]:
        return __all__
