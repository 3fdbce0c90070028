"""Audio files without a table: those of folders, and what the tracks that they make are called."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from itertools import count, islice
from pathlib import Path

from stemsteer.errors import UserError
from stemsteer.names import as_name, is_utf8
from stemsteer.settings.made import not_made

AUDIO = (".aac", ".aif", ".aiff", ".ape", ".flac", ".mp3", ".oga", ".ogg", ".opus", ".w64", ".wav", ".wma", ".wv")
CONTAINERS = (".avi", ".m4a", ".m4v", ".mka", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm")
SUFFIXES = frozenset(AUDIO + CONTAINERS)


def tracks_in(folder: Path) -> dict[str, Path]:
    """The audio files in a folder and its subfolders by the names of their tracks.

    Raises:
        UserError: there are none, or the name of one is no text.
    """
    files = audio_files(folder)
    if not files:
        raise UserError(f"the folder {folder} holds no audio files ({' '.join(sorted(SUFFIXES))})")
    return named({file: name_in(folder, file) for file in files})


def name_in(folder: Path, file: Path) -> str:
    """What the track of a file in a folder or its subfolders is to be called."""
    return " - ".join(file.relative_to(folder).with_suffix("").parts)


def audio_files(folder: Path) -> list[Path]:
    """The audio files in a folder and its subfolders, without hidden ones and those that workflows have made there."""

    def is_music(inside: Path) -> bool:
        return inside.suffix.lower() in SUFFIXES and not any(part.startswith(".") for part in inside.parts)

    files = (file for file in folder.rglob("*") if is_music(file.relative_to(folder)) and file.is_file())
    return sorted(not_made(files, folder))


def named(wanted: Mapping[Path, str], taken: Collection[str] = ()) -> dict[str, Path]:
    """Files by the names of their tracks: the wanted ones, or longer ones where those do not tell them apart.

    Args:
        wanted: what each file's track is to be called.
        taken: names of other tracks.

    Raises:
        UserError: the name of a file is no text.
    """
    alike: dict[str, list[Path]] = defaultdict(list)
    for file, name in wanted.items():
        if not is_utf8(str(file)):
            raise UserError(f"the name of the file {str(file)!r} is not in UTF-8; rename it")
        alike[as_name(name)].append(file)
    others = {*taken, *alike}
    found: dict[str, Path] = {}
    for name, files in alike.items():
        names = [name] if len(files) == 1 and name not in taken else _apart(name, files, {*others, *found})
        found |= dict(zip(names, files, strict=True))
    return found


def _apart(name: str, files: list[Path], taken: Collection[str]) -> list[str]:
    """Names for files of the same name: with their suffixes, with their folders, or with numbers."""
    with_suffix = [f"{name}{file.suffix}" for file in files]
    with_folder = [as_name(f"{file.absolute().parent.name} - {name}") for file in files]
    for names in (with_suffix, with_folder):
        if len(set(names)) == len(names) and not set(names).intersection(taken):
            return names
    numbered = (f"{name} ({number})" for number in count(1))
    return list(islice((candidate for candidate in numbered if candidate not in taken), len(files)))
