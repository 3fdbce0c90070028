"""Models of other packages that are pickles, which can hold code: it would run when the package opens them."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch


def refuse_code(files: Iterable[Path], parts: Sequence[Any]) -> None:
    """See that files hold tensors and plain values only, and of objects those that are named.

    Args:
        files: pickles that PyTorch has written.
        parts: classes and functions that they may refer to, as `torch.serialization.safe_globals` takes them.

    Raises:
        UnpicklingError: a file refers to something else, or is damaged.
    """
    for file in files:
        try:
            with torch.serialization.safe_globals(list(parts)):
                torch.load(file, map_location="meta", weights_only=True)
        except UnpicklingError as error:
            found = re.search(r"GLOBAL (\S+)", str(error))
            what = f"refers to {found[1]}, which may be code" if found else "is damaged"
            raise UnpicklingError(f"{file.name} {what}: it is not opened") from None
