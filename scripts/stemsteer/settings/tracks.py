"""The tracks to separate: from a table, from a folder of audio files, or from one such file."""

import csv
import io
import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count, zip_longest
from pathlib import Path

from stemsteer.errors import UserError
from stemsteer.names import as_name, did_you_mean, is_name
from stemsteer.places import HOME
from stemsteer.settings.folders import some_names
from stemsteer.settings.listing import ANSWERS, name_in, named, songs_in, title_of
from stemsteer.sound.recognised import audio_among

COLUMNS = ("track", "mixture", "stream", "start", "duration", "sources")
REFERENCE = "reference_"
STREAM = re.compile(r"[1-9][0-9]{0,3}")


@dataclass(frozen=True)
class Track:
    """A piece of music: its name, its file, the excerpt of it to use (seconds), and what is known of its sources.

    `stream` is the number of the audio stream in the file, from 1; None: the one that players choose.
    """

    track: str
    mixture: str
    sources: tuple[str, ...]
    start: float = 0.0
    duration: float | None = None
    references: dict[str, str] = field(default_factory=dict)
    stream: int | None = None


@dataclass(frozen=True)
class Corpus:
    """Tracks, and what a user should know of how they were found, in sentences."""

    tracks: list[Track]
    notes: tuple[str, ...] = ()


def read_tracks(place: str, sources: list[str]) -> list[Track]:
    """The tracks of a corpus; see `find_corpus`."""
    return find_corpus(place, sources).tracks


def find_corpus(place: str, sources: list[str]) -> Corpus:
    """The tracks of the table or in the folder at `place`, or the song there; `sources` are for those that name none.

    Paths in a table are relative to the working directory, as everywhere in Snakemake. Whether the files are
    readable is not looked at here: a broken file fails its own track only.

    Raises:
        UserError: naming the table, the row and the column that is wrong.
    """
    wanted = tuple(dict.fromkeys(sources))
    path = find_place(Path(os.path.expanduser(place)))
    if os.path.isdir(path):
        return _in_folder(path, wanted)
    if not os.path.isfile(path):
        raise UserError(
            f"tracks: there is no table or folder {place!r}, nor a song of that name; set the key tracks in the config"
        )
    if audio_among([path], ANSWERS)[path]:
        return corpus_of({path: title_of(path)}, wanted)
    return Corpus(_from_table(path, wanted))


def find_place(place: Path) -> Path:
    """A relative place is one of the working directory, else one that comes with StemSteer, as the demo's table."""
    shipped = HOME / place
    # Unlike place.exists(), this raises no error where the name is too long.
    return shipped if not os.path.exists(place) and os.path.exists(shipped) else place


def is_made_here(path: str) -> bool:
    """Whether a file belongs to a data set that the workflow can make (rules/datasets.smk)."""
    return Path(path).parts[:2] == ("results", "datasets")


def _in_folder(folder: Path, sources: tuple[str, ...]) -> Corpus:
    try:
        found = songs_in(folder, ANSWERS)
        corpus = corpus_of({file: name_in(folder, file) for file in found.files}, sources)
    except UserError as error:
        raise UserError(f"tracks: {error}") from None
    return replace(corpus, notes=(*corpus.notes, *found.notes()))


def corpus_of(wanted: Mapping[Path, str], sources: tuple[str, ...]) -> Corpus:
    """The tracks of some files that are to be called so."""
    found = named(wanted)
    tracks = [Track(name, str(file), sources) for name, file in found.items()]
    return Corpus(tracks, notes_of_names(wanted, found))


def notes_of_names(wanted: Mapping[Path, str], found: Mapping[str, Path]) -> tuple[str, ...]:
    """What a user should know of names that are not the wanted ones."""
    longer = [name for name, file in found.items() if name != as_name(wanted[file])]
    return (f"{len(longer):,} files are called like others; their tracks are {some_names(longer)}",) if longer else ()


def _from_table(table: Path, sources: tuple[str, ...]) -> list[Track]:
    (_, columns), *rows = list(_rows(table)) or [(1, [])]
    _check_columns(table, columns)
    if not rows:
        raise UserError(f"{table} has no rows; add one for each track")
    tracks: dict[str, Track] = {}
    for number, cells in rows:
        where = f"{table}, row {number}"
        if any(cells[len(columns) :]):
            raise UserError(
                f"{where}: there are {len(cells)} cells for {len(columns)} columns; remove a tab, or add a column"
            )
        track = _track(dict(zip_longest(columns, cells[: len(columns)], fillvalue="")), where, sources)
        if track.track in tracks:
            raise UserError(f"{where}: the track {track.track!r} is there twice; give each row its own name")
        tracks[track.track] = track
    return list(tracks.values())


def _rows(table: Path) -> Iterator[tuple[int, list[str]]]:
    """The cells of each row that has any, with its number: the heading's is 1, as in a spreadsheet."""
    rows = csv.reader(io.StringIO(_text_of(table), newline=""), dialect="excel-tab", strict=True)
    for number in count(1):
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            raise UserError(
                f"{table}, row {number}: cannot be read as a table of tab-separated values: {error}; a cell that begins"
                ' with a quote ends with one, and has others twice: write "Heroes" (live) as """Heroes"" (live)"'
            ) from None
        if any(cells := [cell.strip() for cell in row]):
            yield number, cells


def _text_of(table: Path) -> str:
    try:
        return table.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = error.object[: error.start].count(b"\n") + 1
        raise UserError(
            f"{table}, row {row}: cannot be read as a table of tab-separated values in UTF-8; save it in that encoding"
        ) from None
    except OSError as error:
        raise UserError(f"{str(table)!r} cannot be read ({error.strerror}); check its permissions") from None


def _check_columns(table: Path, columns: list[str]) -> None:
    for column in columns:
        if columns.count(column) > 1:
            raise UserError(f"{table}: the column {column!r} is there twice; remove or rename one")
        if column not in COLUMNS and not (column.startswith(REFERENCE) and column != REFERENCE):
            raise UserError(
                f"{table}: unknown column {column!r}{did_you_mean(column, COLUMNS)}; "
                f"the columns are {', '.join(COLUMNS)} and {REFERENCE}<source>"
            )
    for column in ("track", "mixture"):
        if column not in columns:
            raise UserError(f"{table}: the column {column!r} is missing (is the table separated by tabs?)")


def _track(row: dict[str, str], where: str, sources: tuple[str, ...]) -> Track:
    name = row["track"]
    if not is_name(name):
        raise UserError(
            f"{where}: the name of the track {name!r} is not one line of text; call it {as_name(name)!r}"
            if name
            else f"{where}: the column track is empty; give the track a name"
        )
    if not row["mixture"]:
        raise UserError(f"{where}: the column mixture is empty; name the audio file of the track {name!r}")
    own_sources = tuple(dict.fromkeys(part.strip() for part in row.get("sources", "").split(",") if part.strip()))
    duration = _seconds(row, "duration", where)
    if duration == 0:
        raise UserError(f"{where}: duration must be more than 0 s, or empty for all of the track")
    return Track(
        track=name,
        mixture=row["mixture"],
        sources=own_sources or sources,
        start=_seconds(row, "start", where) or 0.0,
        duration=duration,
        references={
            column.removeprefix(REFERENCE): value
            for column, value in row.items()
            if column.startswith(REFERENCE) and value
        },
        stream=_stream(row, where),
    )


def _seconds(row: dict[str, str], column: str, where: str) -> float | None:
    text = row.get(column, "")
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not math.isfinite(seconds) or seconds < 0:
        raise UserError(
            f"{where}: {column} is {text!r}, which is not a number of seconds; write it like 12.5, or leave it empty"
        )
    return seconds


def _stream(row: dict[str, str], where: str) -> int | None:
    text = row.get("stream", "")
    if not text:
        return None
    if not STREAM.fullmatch(text):
        raise UserError(
            f"{where}: stream is {text!r}, which is not the number of an audio stream; write 1 for the first one, or "
            "leave it empty for the one that players choose"
        )
    return int(text)


def check_names(tracks: Iterable[Track], known: set[str]) -> None:
    """Refuse sources and reference columns whose name means nothing to any tagger.

    Raises:
        UserError: naming the track and the source, with the nearest name there is.
    """
    for track in tracks:
        check_sources(f"track {track.track!r}", (*track.sources, *track.references), known)


def check_sources(where: str, sources: Iterable[str], known: set[str]) -> None:
    """Refuse names of sources that are not known.

    Raises:
        UserError: saying `where` the name is, with the nearest name there is.
    """
    for source in sources:
        if source not in known:
            raise UserError(
                f"{where}: there is no source or tag {source!r}{did_you_mean(source, known)}; "
                "`stemsteer tags` lists the sources"
            )
