"""Folders of stems, one for each track: <track>/<source>.wav and so on, with or without <track>/mixture.wav.

MUSDB18-HQ is made so. Without a mixture, it is the sum of all that is in the folder, of files whose name is no source
too; otherwise those are left alone.
"""

from pathlib import Path

from stemsteer.datasets.stems import Part, Stems
from stemsteer.errors import UserError
from stemsteer.names import as_folder_name
from stemsteer.settings.tracks import SUFFIXES
from stemsteer.taggers.vocabularies import sources

MIXTURE = "mixture"


def find(folder: Path) -> list[Path]:
    """The subfolders that hold audio files."""
    return sorted(track for track in folder.iterdir() if track.is_dir() and _audio_files(track))


def find_with_mixture(folder: Path) -> list[Path]:
    """The folders, at any depth, that hold a mixture.wav."""
    return sorted(mixture.parent for mixture in folder.rglob(f"{MIXTURE}.wav"))


def read(track: Path) -> Stems:
    """The stems in a track's folder.

    Raises:
        UserError: two files have the same name but for the suffix.
    """
    parts: dict[str, Part] = {}
    for file in _audio_files(track):
        if file.stem in parts:
            raise UserError(f"{str(track)!r} has two files called {file.stem}; remove one of them")
        parts[file.stem] = Part(file)
    mixture = [parts[MIXTURE]] if MIXTURE in parts else list(parts.values())
    known = {name: [part] for name, part in parts.items() if name in sources()}
    return Stems(as_folder_name(track.name), mixture, known)


def _audio_files(folder: Path) -> list[Path]:
    files = (file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES and not file.name.startswith("."))
    return sorted(file for file in files if file.is_file())
