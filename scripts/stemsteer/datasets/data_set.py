"""What the command `tracks` has to know of a data set."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from stemsteer.datasets.stems import Stems


@dataclass(frozen=True)
class DataSet:
    """The layout of a data set.

    Attributes:
        name: of the data set, for messages.
        track: a pattern of what marks a track of it, for messages.
        splits: the folders that it may be split into.
        find: gives the tracks in a folder.
        read: gives the stems of a track.
    """

    name: str
    track: str
    splits: tuple[str, ...]
    find: Callable[[Path], list[Path]]
    read: Callable[[Path], Stems]
