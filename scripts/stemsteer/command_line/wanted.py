"""What `stemsteer separate` is asked for: its options as a config, and its files as tracks."""

import glob
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from stemsteer.errors import UserError
from stemsteer.names import as_name
from stemsteer.settings.listing import named, tracks_in
from stemsteer.settings.run import RunSettings
from stemsteer.settings.tracks import Track
from stemsteer.steering.settings import PerturbationSettings


@dataclass(frozen=True)
class Wanted:
    """The options of a separation, as they were given."""

    sources: tuple[str, ...] = ()
    two_stems: str | None = None
    preset: str | None = None
    start: float = 0.0
    seconds: float | None = None
    device: str = "auto"
    container: str = "wav"
    encoding: str | None = None
    clip: str = "none"
    filename: str = "{track}/{source}.{ext}"

    def settings(self) -> dict[str, Any]:
        """The config.

        Raises:
            UserError: options contradict each other.
        """
        if self.two_stems and self.sources:
            raise UserError("--two-stems and --sources contradict each other: give one of them")
        if self.container == "mp3" and self.encoding:
            raise UserError(f"--{self.encoding.replace('float', 'float')} is for wav and flac; mp3 has 320 kbit/s")
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
        """Those to extract: by default all that the run lets compete, which it tells apart best."""
        if self.two_stems:
            return (self.two_stems,)
        competitors = RunSettings.model_validate({"preset": self.preset}).steering.competitors
        return self.sources or tuple(competitors or PerturbationSettings().competing)

    def tracks(self, places: Sequence[str], there: Iterable[Track]) -> list[Track]:
        """The tracks of a folder with those of some files, folders and patterns among them.

        Args:
            places: as they were typed.
            there: those of the folder by now. A track that is asked for again gets the sources of both.

        Raises:
            UserError: there is no such file, or a folder without audio files.
        """
        known = list(there)
        new: dict[Path, str] = {}
        for place in places:
            for file, name in _files(place).items():
                asked = Track("", str(file), self.wanted_sources, self.start, self.seconds)
                index = next((index for index, track in enumerate(known) if _same_audio(track, asked)), None)
                if index is None:
                    new[file] = name
                else:
                    sources = dict.fromkeys((*known[index].sources, *self.wanted_sources))
                    known[index] = replace(known[index], sources=tuple(sources))
        added = named(new, [track.track for track in known])
        return known + [
            Track(name, str(file), self.wanted_sources, self.start, self.seconds) for name, file in added.items()
        ]


def _same_audio(one: Track, other: Track) -> bool:
    return (one.mixture, one.start, one.duration) == (other.mixture, other.start, other.duration)


def _files(place: str) -> dict[Path, str]:
    """The audio files of a place that a user has typed, with names for their tracks."""
    path = Path(place).expanduser().absolute()
    if path.is_dir():
        return {file: name for name, file in tracks_in(path).items()}
    if path.exists():
        return {path: as_name(path.stem)}
    found = [Path(match).absolute() for match in sorted(glob.glob(place, recursive=True))]
    if not found:
        raise UserError(f"there is no file or folder {place!r}; check the path")
    files: dict[Path, str] = {}
    for match in found:
        files |= _files(str(match)) if match.is_dir() else {match: as_name(match.stem)}
    return files
