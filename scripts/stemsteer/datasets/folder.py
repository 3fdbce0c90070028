"""Folders of stems, one for each track: <track>/<source>.wav and so on, with or without <track>/mixture.wav.

MUSDB18-HQ has this layout. If a folder has no mixture, the sum of all its audio files is the mixture, including files
whose name is not a source. If it has one, these files are not used.
"""

from pathlib import Path

from stemsteer.datasets.data_set import DataSet
from stemsteer.datasets.musdb18 import SPLITS
from stemsteer.datasets.stems import Part, Stems
from stemsteer.errors import UserError
from stemsteer.names import as_name
from stemsteer.sound.recognition import holds_audio_by_name
from stemsteer.taggers.vocabularies import sources

MIXTURE = "mixture"


def find(folder: Path) -> list[Path]:
    """The subfolders with audio files in them."""
    return sorted(track for track in folder.iterdir() if track.is_dir() and _audio_files(track))


def find_with_mixture(folder: Path) -> list[Path]:
    """The folders, at any depth, with a mixture.wav in them."""
    return sorted(mixture.parent for mixture in folder.rglob(f"{MIXTURE}.wav"))


def read(track: Path) -> Stems:
    """The stems in a track's folder.

    Raises:
        UserError: the names of two files differ in their suffix only.
    """
    parts: dict[str, Part] = {}
    for file in _audio_files(track):
        if file.stem in parts:
            raise UserError(f"{str(track)!r} has two files called {file.stem}; remove one of them")
        parts[file.stem] = Part(file)
    mixture = [parts[MIXTURE]] if MIXTURE in parts else list(parts.values())
    known = {name: [part] for name, part in parts.items() if name in sources()}
    return Stems(as_name(track.name), mixture, known)


def _audio_files(folder: Path) -> list[Path]:
    files = (file for file in folder.iterdir() if holds_audio_by_name(file) and not file.name.startswith("."))
    return sorted(file for file in files if file.is_file())


FOLDER_OF_STEMS = DataSet("a folder of stems", "*/*.wav or other audio", (), find, read)
MUSDB18_HQ = DataSet("MUSDB18-HQ", f"*/{MIXTURE}.wav", SPLITS, find_with_mixture, read)
