"""Names that users type: suggestions for misspelt ones, and slugs for paths."""

import difflib
import hashlib
import re
import unicodedata
from collections.abc import Iterable
from functools import cache

NOT_IN_NAMES = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
"""Control characters and line breaks, which would break tables and terminals."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """` (did you mean X?)` for the known name nearest to `name`, or nothing where none is near."""
    # Sorted, so that the answer does not depend on the order of a set; small letters come last, and win.
    spelt = {k.lower(): k for k in sorted(known)}
    nearest = difflib.get_close_matches(name.lower(), spelt, n=1, cutoff=0.6)
    return f" (did you mean {spelt[nearest[0]]}?)" if nearest else ""


def is_name(name: str) -> bool:
    """Whether `name` can be the name of a track or a run as it stands: one line of text."""
    return name == as_name(name)


def as_name(name: str) -> str:
    """The nearest name to `name`: control characters become blanks."""
    return one_line(name) or "_"


def one_line(text: str) -> str:
    """`text` with blanks for its control characters and line breaks, and without what UTF-8 cannot hold."""
    return NOT_IN_NAMES.sub(" ", text).encode(errors="ignore").decode().strip()


LONGEST_SLUG, LONGEST_READABLE = 40, 48
"""Characters of a name that is its own slug, and of the readable part of any other slug."""

PLAIN = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
"""What slugs look like."""

LIKE_A_HASH = re.compile(r"(^|-)[0-9a-f]{8}$")
"""The end of a slug that is not the name itself."""

REPEATED = re.compile(r"(.+)\1{19}$")
"""20 repetitions at the end: Snakemake takes such a wildcard for an endless recursion, and stops."""


@cache
def slug(name: str) -> str:
    """What a user's name is called in paths: lower-case ASCII letters, digits and single dashes.

    A short name of that form is its own slug, unless its end looks like that of another slug or repeats itself. Any
    other slug ends in 8 digits of the name's sha256. So slugs are unique, even where a file system does not tell upper
    from lower case or one way to write an accent from another, and the slug of a name depends on the name alone.
    """
    if PLAIN.fullmatch(name) and len(name) <= LONGEST_SLUG and not (LIKE_A_HASH.search(name) or REPEATED.search(name)):
        return name
    ascii_letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    readable = re.sub(r"[^a-z0-9]+", "-", ascii_letters).strip("-")[:LONGEST_READABLE].rstrip("-")
    digits = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{readable}-{digits}" if readable else digits


def is_utf8(name: str) -> bool:
    """Whether the name of a file is UTF-8: Python reads other bytes as lone surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in name)
