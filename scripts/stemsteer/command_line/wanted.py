"""What `stemsteer separate` is asked for: its options as a config, and its files as tracks."""

import glob
import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from pathlib import Path
from typing import Any

from stemsteer.errors import UserError
from stemsteer.names import did_you_mean
from stemsteer.settings.folders import Listing
from stemsteer.settings.listing import MADE, keep_audio, listed, name_in, named, songs_in, title_of
from stemsteer.settings.made import not_made
from stemsteer.settings.presets import presets
from stemsteer.settings.run import RunSettings
from stemsteer.settings.tracks import Corpus, Track, notes_of_names
from stemsteer.settings.usual import usual_sources


@dataclass(frozen=True)
class Wanted:
    """The options of a separation, as they were given.

    Raises:
        UserError: one means nothing, or two contradict each other.
    """

    sources: tuple[str, ...] | None = None
    two_stems: str | None = None
    preset: str | None = None
    start: float = 0.0
    seconds: float | None = None
    device: str = "auto"
    container: str = "wav"
    encoding: str | None = None
    clip: str = "none"
    filename: str = "{track}/{source}.{ext}"

    def __post_init__(self) -> None:
        if self.two_stems is not None and self.sources is not None:
            raise UserError("--two-stems and --sources contradict each other: give one of them")
        if self.sources == () or self.two_stems == "":
            raise UserError("no source is named: give some, as in --sources vocals,drums; `stemsteer tags` lists them")
        if self.preset is not None and self.preset not in presets():
            hint = did_you_mean(self.preset, presets())
            raise UserError(f"there is no ready-made run {self.preset!r}{hint}; `stemsteer tags` lists them")
        if self.container == "mp3" and self.encoding:
            raise UserError(f"--{self.encoding} is for wav and flac; mp3 has 320 kbit/s")
        if self.container == "flac" and self.encoding == "float32":
            raise UserError("flac has no float32: give --int24 or --int16, or --format wav")
        if not all(map(math.isfinite, (self.start, self.seconds or 0.0))):
            raise UserError("--start and --seconds want numbers of seconds, like 12.5")

    def settings(self) -> dict[str, Any]:
        """The config."""
        encoding = self.encoding or ("int24" if self.container == "flac" else "float32")
        export = {
            "folder": "stems",
            "filename": self.filename,
            "container": self.container,
            "encoding": encoding,
            "clip": self.clip,
            "rest": f"no_{self.two_stems}" if self.two_stems else "rest",
        }
        # Only what is written as it is can be linked; the rest is made of stems that lose nothing.
        as_it_is = self.container != "mp3" and self.clip == "none"
        stems = {"container": self.container, "encoding": encoding} if as_it_is else {}
        run = {"preset": self.preset} if self.preset else {}
        return {
            "tracks": "tracks.tsv",
            "sources": list(self.wanted_sources),
            "device": self.device,
            "runs": {self.preset or "default": run},
            **({"stems": stems} if stems else {}),
            "export": export,
        }

    @property
    def wanted_sources(self) -> tuple[str, ...]:
        """Those to extract: by default all that the run lets compete, which it tells apart best, and that it knows."""
        if self.two_stems:
            return (self.two_stems,)
        return self.sources or usual_sources(RunSettings.model_validate({"preset": self.preset}))

    def corpus(self, places: Sequence[str], there: Iterable[Track], folder: Path) -> Corpus:
        """The tracks of a folder with those of some files, folders and patterns among them.

        Args:
            places: as they were typed.
            there: those of the folder by now. A track that is asked for again gets the sources of both.
            folder: that of the separation, whose table may have paths relative to it.

        Raises:
            UserError: there is no such file, or a folder without audio files.
        """
        known, notes = list(there), []
        index_of = {
            ((folder / track.mixture).resolve(), track.stream, track.start, track.duration): index
            for index, track in enumerate(known)
        }
        new: dict[Path, tuple[Path, str]] = {}
        for place in places:
            found = _found(place)
            notes += found.notes
            for file, name in found.names.items():
                index = index_of.get((file.resolve(), None, self.start, self.seconds))
                if index is None:
                    new.setdefault(file.resolve(), (file, name))
                else:
                    sources = dict.fromkeys((*known[index].sources, *self.wanted_sources))
                    known[index] = replace(known[index], sources=tuple(sources))
        wanted = dict(new.values())
        for file in wanted:
            if str(file) != str(file).strip():
                raise UserError(f"the name of the file {str(file)!r} ends in a blank, which a table has not; rename it")
        added = named(wanted, [track.track for track in known])
        tracks = [Track(name, str(file), self.wanted_sources, self.start, self.seconds) for name, file in added.items()]
        return Corpus(known + tracks, (*notes, *notes_of_names(wanted, added)))


@dataclass(frozen=True)
class _Found:
    """What a place that a user has typed holds: names for the tracks of its files, and sentences about the rest."""

    names: dict[Path, str]
    notes: list[str] = field(default_factory=list)


def _found(place: str) -> _Found:
    # os.path, unlike pathlib, raises no error where a name is too long or a home is not known.
    path = os.path.expanduser(place)
    if os.path.isdir(path):
        found = songs_in(Path(path).absolute())
        return _Found({file: name_in(found.folder, file) for file in found.files}, found.notes())
    if os.path.exists(path):
        return _Found({Path(path).absolute(): title_of(Path(path))})
    if not glob.has_magic(path):
        raise UserError(f"there is no file or folder {place!r}; check the path")
    matches = _matches(Path(path).absolute())
    if not matches.names:
        raise UserError(f"no audio files match {place!r}; check the pattern")
    return matches


def _matches(pattern: Path) -> _Found:
    """The audio files that match a pattern or lie in folders that do, and all others with the suffix that it names."""
    found = Listing(Path(*takewhile(lambda part: not glob.has_magic(part), pattern.parts)))
    names: dict[Path, str] = {}
    alone: list[Path] = []
    for match in map(Path, sorted(glob.glob(str(pattern), recursive=True))):
        if match.is_dir():
            below = listed(match)
            names = {file: name_in(match, file) for file in below.files} | names
            found.take(below)
        elif pattern.suffix and match.suffix.lower() == pattern.suffix.lower():
            alone.append(match)
        else:
            found.files.append(match)
    keep_audio(found)
    found.files = sorted({*found.files, *alone, *names})
    found.pass_over(MADE, set(found.files).difference(not_made(found.files, found.folder)))
    return _Found({file: names.get(file, title_of(file)) for file in found.files}, found.notes())
