"""What lies in a folder of music: files, also behind links, and what is passed over."""

import errno
import os
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from stemsteer.names import is_utf8

HIDDEN = "hidden"
NOT_FOLLOWED = "linked to what is there already, or to a folder above"
NOWHERE = "linked to nothing"
NO_FILE = "neither file nor folder"
NO_TEXT = "with a name that is not in UTF-8"
UNREADABLE = "that may not be read"
"""Why something in a folder is passed over, in words that follow a number."""

SHOWN = 3
"""Names that a note gives of each kind."""

LONGEST = 60
"""Characters of such a name."""

Identity = tuple[int, int]
"""Device and inode of a file or folder, whatever it is called."""


@dataclass
class Listing:
    """What a folder and its subfolders hold.

    Attributes:
        folder: itself.
        files: in the order of their names.
        passed_over: what is left out, by why; a folder stands for all that is in it.
    """

    folder: Path
    files: list[Path] = field(default_factory=list)
    passed_over: dict[str, list[Path]] = field(default_factory=lambda: defaultdict(list))

    def pass_over(self, why: str, paths: Iterable[Path]) -> None:
        """Leave files out."""
        if left_out := set(paths):
            self.passed_over[why] += sorted(left_out)
            self.files = [file for file in self.files if file not in left_out]

    def take(self, below: "Listing") -> None:
        """Take over what is passed over in a subfolder."""
        for why, paths in below.passed_over.items():
            self.passed_over[why] = list(dict.fromkeys([*self.passed_over[why], *paths]))

    def notes(self) -> list[str]:
        """What a user should know of the folder, in sentences."""
        return [f"passed over in {str(self.folder)!r}: {words}"] if (words := self.in_words()) else []

    def in_words(self) -> str:
        """How much is passed over and why, with some names; empty where nothing is."""
        return "; ".join(f"{len(paths):,} {why} ({self._some(paths)})" for why, paths in self.passed_over.items())

    def _some(self, paths: list[Path]) -> str:
        return some_names(str(path.relative_to(self.folder)) for path in sorted(paths))


def some_names(names: Iterable[str]) -> str:
    """The first of some names, in quotes, without what a terminal would obey."""
    names = list(names)
    shown = [repr(name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…") for name in names[:SHOWN]]
    return ", ".join([*shown, *(["..."] if len(names) > SHOWN else [])])


def walked(folder: Path) -> Listing:
    """The files in a folder and its subfolders, and of what is no file what it is.

    Links are followed, but nothing is taken twice, and nothing above the folder is entered. A folder that may not be
    read is passed over, be it the first one.
    """
    return _Walk(folder).listing


class _Walk:
    """A walk through a folder."""

    def __init__(self, folder: Path) -> None:
        self.listing = Listing(folder)
        self._links: deque[Path] = deque()
        self._known_files: set[Identity] = set()
        # To go back up would be to leave the folder, or never to end.
        self._known_folders = {_identity(above) for above in folder.resolve().parents}
        self._enter(folder)
        # What links lead to may be there without them.
        while self._links:
            self._follow(self._links.popleft())
        self.listing.files.sort()

    def _enter(self, folder: Path) -> None:
        """Take in what a folder and its subfolders hold; links are kept for later."""
        entered = deque([folder])
        while entered:
            folder = entered.popleft()
            try:
                identity = _identity(folder)
                with os.scandir(folder) as entries:
                    inside = sorted(entries, key=lambda entry: entry.name)
            except OSError:
                self._pass_over(UNREADABLE, folder)
                continue
            self._known_folders.add(identity)
            entered.extend(self._take(inside, identity[0]))

    def _take(self, entries: Iterable["os.DirEntry[str]"], device: int) -> Iterator[Path]:
        """Take in the entries of a folder; yields its subfolders."""
        for entry in entries:
            path = Path(entry.path)
            if why := _why_not(entry.name):
                self._pass_over(why, path)
            elif entry.is_symlink():
                self._links.append(path)
            elif entry.is_dir():
                yield path
            elif entry.is_file():
                self._known_files.add((device, entry.inode()))
                self.listing.files.append(path)
            else:
                self._pass_over(NO_FILE, path)

    def _follow(self, link: Path) -> None:
        try:
            identity = _identity(link)
        except OSError as error:
            self._pass_over(UNREADABLE if error.errno == errno.EACCES else NOWHERE, link)
            return
        if identity in self._known_folders or identity in self._known_files:
            self._pass_over(NOT_FOLLOWED, link)
        elif link.is_dir():
            self._enter(link)
        elif link.is_file():
            self._known_files.add(identity)
            self.listing.files.append(link)
        else:
            self._pass_over(NO_FILE, link)

    def _pass_over(self, why: str, path: Path) -> None:
        self.listing.passed_over[why].append(path)


def _why_not(name: str) -> str | None:
    """Why something is passed over for its name."""
    return HIDDEN if name.startswith(".") else None if is_utf8(name) else NO_TEXT


def _identity(path: Path) -> Identity:
    found = os.stat(path)
    return found.st_dev, found.st_ino
