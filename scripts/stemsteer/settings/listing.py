"""Audio files without a table: those of folders, and what the tracks that they make are called."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from itertools import count, islice
from pathlib import Path

from stemsteer.errors import UserError
from stemsteer.names import as_name, is_utf8
from stemsteer.settings.folders import UNREADABLE, Listing, walked
from stemsteer.settings.made import not_made
from stemsteer.sound.recognised import audio_among
from stemsteer.sound.recognition import holds_audio_by_name

MADE = "made by StemSteer"
NO_AUDIO = "without audio"
"""Why files of a folder are no songs."""

ANSWERS = Path("results/audio_files.jsonl")
"""Where a workflow keeps what ffprobe has said of files whose suffix does not tell, in its working directory."""


def listed(folder: Path, answers: Path | None = None) -> Listing:
    """The audio files in a folder and its subfolders, and what else is there.

    Args:
        folder: with files of any kind.
        answers: a file that keeps what ffprobe says of some of them.
    """
    found = walked(folder)
    songs = not_made(found.files, folder)
    found.pass_over(MADE, set(found.files).difference(songs))
    keep_audio(found, answers)
    return found


def keep_audio(found: Listing, answers: Path | None = None) -> None:
    """Pass over files without audio, and those of which nobody can tell."""
    audio = audio_among(found.files, answers)
    found.pass_over(NO_AUDIO, [file for file in found.files if audio[file] is False])
    found.pass_over(UNREADABLE, [file for file in found.files if audio[file] is None])


def songs_in(folder: Path, answers: Path | None = None) -> Listing:
    """As `listed`.

    Raises:
        UserError: the folder may not be read, or holds no audio files.
    """
    found = listed(folder, answers)
    if folder in found.passed_over.get(UNREADABLE, []):
        raise UserError(f"the folder {str(folder)!r} may not be read; check its permissions")
    if not found.files:
        raise UserError(f"the folder {str(folder)!r} holds no audio files ({found.in_words() or 'it is empty'})")
    return found


def name_in(folder: Path, file: Path) -> str:
    """What the track of a file in a folder or its subfolders is to be called."""
    return " - ".join([*file.relative_to(folder).parts[:-1], title_of(file)])


def title_of(file: Path) -> str:
    """What the track of a file is to be called: the name of the file, without its suffix where that is one of audio."""
    return file.stem if holds_audio_by_name(file) else file.name


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
        names = [name] if len(files) == 1 and name not in taken else _apart(name, files, others)
        found |= dict(zip(names, files, strict=True))
        others.update(names)
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
