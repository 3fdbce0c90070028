"""What exported files are called: names of users, made safe for every file system, in a template of theirs."""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from stemsteer.errors import UserError
from stemsteer.exports.settings import REST, ExportSettings
from stemsteer.names import as_name

FORBIDDEN = re.compile(r'[/\\:*?"<>|]')
"""What file systems refuse in names: those of Windows and of memory sticks more than others."""

DEVICES = re.compile(r"(con|prn|aux|nul|com[\d¹²³]|lpt[\d¹²³]) *(\.|$)", re.IGNORECASE)
"""Names that Windows keeps for itself."""

LONGEST = 120
"""Bytes of a name in UTF-8: file systems take 255, encrypted ones 143, and a suffix has to fit."""


def file_name(name: str) -> str:
    """The file name that is nearest to a name."""
    safe = FORBIDDEN.sub("_", unicodedata.normalize("NFC", as_name(name)))
    shortened = safe.encode()[:LONGEST].decode(errors="ignore").strip(" ").rstrip(". ")
    if DEVICES.match(shortened) or shortened.startswith("."):
        shortened = f"_{shortened}"
    return shortened or "_"


def file_names(names: Iterable[str]) -> dict[str, str]:
    """File names of some names that lie in one folder: those that a file system may not tell apart get a hash each."""
    safe = {name: file_name(name) for name in names}
    alike = Counter(map(_folded, safe.values()))
    return {name: file if alike[_folded(file)] == 1 else f"{file} {_digits(name)}" for name, file in safe.items()}


def _folded(file: str) -> str:
    """The same text for all names that some file system takes for the same."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", file).casefold())


def _digits(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def check_template(settings: ExportSettings, runs: int, tracks: int) -> None:
    """That a template gives each stem of so many runs and tracks a file of its own.

    Raises:
        UserError: it does not.
    """
    for place, number in (("run", runs), ("track", tracks)):
        if number > 1 and place not in settings.places:
            raise UserError(
                f"config: export.filename: {settings.filename!r} has no {{{place}}}, and there are {number} {place}s, "
                f"whose stems would overwrite each other; write it like {{{place}}}/{settings.filename}"
            )


@dataclass(frozen=True)
class ExportNames:
    """The files of an export of some runs, tracks and sources.

    Raises:
        UserError: two stems would be one file.
    """

    settings: ExportSettings
    runs: Sequence[str]
    tracks: Sequence[str]
    sources: Sequence[str]

    def __post_init__(self) -> None:
        check_template(self.settings, len(self.runs), len(self.tracks))
        if self.settings.rest in self.sources:
            raise UserError(f"config: export.rest: {self.settings.rest!r} is a source, too; call the rest otherwise")

    @cached_property
    def _safe(self) -> dict[str, dict[str, str]]:
        rest = [self.settings.rest] if self.settings.rest else []
        named = {"run": self.runs, "track": self.tracks, "source": [*self.sources, *rest]}
        return {kind: file_names(names) for kind, names in named.items()}

    def files(self, run: str, track: str, sources: Iterable[str]) -> dict[str, Path]:
        """Where the stems of a track go, by source; the rest of the mixture is `REST`."""
        names = {source: source for source in sources}
        if self.settings.rest:
            names[REST] = self.settings.rest
        return {source: self._file(run, track, name) for source, name in names.items()}

    def _file(self, run: str, track: str, source: str) -> Path:
        given = {"run": run, "track": track, "source": source}
        safe = {kind: self._safe[kind][name] for kind, name in given.items()}
        return Path(self.settings.folder) / self.settings.filename.format(**safe, ext=self.settings.container)
