"""Names that users type: suggestions for misspelt ones, and names that can be folders."""

import difflib
import re
from collections.abc import Iterable

# A track's name becomes a folder, on any operating system, and a wildcard of Snakemake's, which writes it into the
# command lines of cluster jobs: a comma would end it there, and a shell would expand what follows $ or `.
NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|{},$`]')

LONGEST = 200
"""Bytes of a folder's name: file systems hold 255, and the names of logs are longer by a suffix."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """` (did you mean X?)` for the known name nearest to `name`, or nothing where none is near."""
    spelt = {k.lower(): k for k in known}
    nearest = difflib.get_close_matches(name.lower(), spelt, n=1, cutoff=0.6)
    return f" (did you mean {spelt[nearest[0]]}?)" if nearest else ""


def is_folder_name(name: str) -> bool:
    """Whether `name` can be a folder of the results as it stands."""
    return name == as_folder_name(name)


def as_folder_name(name: str) -> str:
    """The nearest name to `name` that can be a folder: forbidden characters become underscores."""
    name = NOT_IN_NAMES.sub("_", name).encode(errors="ignore")[:LONGEST].decode(errors="ignore")
    return re.sub(r"^[\s.]+|\s+$", "", name) or "_"


def is_utf8(name: str) -> bool:
    """Whether the name of a file is UTF-8: Python reads other bytes as lone surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in name)
