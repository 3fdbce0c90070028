"""Names that users type: suggestions for misspelt ones, and names that can be folders."""

import difflib
import re
from collections.abc import Iterable

# A track's name becomes a folder, on any operating system and inside Snakemake's wildcards.
NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|{}]')


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """` (did you mean X?)` for the known name nearest to `name`, or nothing where none is near."""
    nearest = difflib.get_close_matches(name.lower(), {k.lower(): k for k in known}, n=1, cutoff=0.6)
    spelt = {k.lower(): k for k in known}
    return f" (did you mean {spelt[nearest[0]]}?)" if nearest else ""


def is_folder_name(name: str) -> bool:
    """Whether `name` can be a folder of the results as it stands."""
    return bool(name) and name == name.strip() and not name.startswith(".") and not NOT_IN_NAMES.search(name)


def as_folder_name(name: str) -> str:
    """The nearest name to `name` that can be a folder: forbidden characters become underscores."""
    return NOT_IN_NAMES.sub("_", name).strip().lstrip(".") or "_"
