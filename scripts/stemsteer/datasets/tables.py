"""Make a table of tracks from a data set: `stemsteer tracks`."""

import csv
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from stemsteer.datasets import DATASETS
from stemsteer.datasets.data_set import DataSet
from stemsteer.datasets.stems import as_track
from stemsteer.errors import UserError
from stemsteer.files import written_whole
from stemsteer.settings.tracks import REFERENCE, Track, check_sources
from stemsteer.taggers.vocabularies import sources


def collect(
    kind: str, place: Path, split: str | None, wanted: list[str] | None, made: Path
) -> tuple[list[Track], list[str]]:
    """The tracks of a data set, and a sentence about each track that is broken.

    Args:
        kind: the layout, a name of `DATASETS`.
        place: the folder of the data set.
        split: the part of the data set to take, None for all of it.
        wanted: the sources to take, None for all; tracks without any of them are left out.
        made: the folder for files that are written, such as sums.

    Raises:
        UserError: there is no such data set or split at `place`, or no such source.
    """
    check_sources("--sources", wanted or [], set(sources()))
    dataset: DataSet = DATASETS[kind]
    tracks: dict[str, Track] = {}
    faults = []
    for path in tqdm(_find(dataset, place, split), desc=dataset.name, unit="track", disable=None):
        try:
            stems = dataset.read(path)
            if wanted is not None:
                chosen = {source: parts for source, parts in stems.sources.items() if source in wanted}
                stems = replace(stems, sources=chosen)
                if not chosen:
                    continue
            if stems.track.casefold() in tracks:
                raise UserError(f"{str(path)!r} is another track called {stems.track!r}; leave one of them out")
            tracks[stems.track.casefold()] = as_track(stems, made)
        except UserError as fault:
            faults.append(str(fault))
    return list(tracks.values()), faults


def _find(dataset: DataSet, place: Path, split: str | None) -> list[Path]:
    if not place.is_dir():
        raise UserError(f"there is no folder {str(place)!r}; give the folder that {dataset.name} is in")
    if split is not None:
        if split not in dataset.splits:
            known = f"its splits are {', '.join(dataset.splits)}" if dataset.splits else "leave --split out"
            raise UserError(f"{dataset.name} has no split {split!r}; {known}")
        place /= split
        if not place.is_dir():
            raise UserError(f"there is no folder {str(place)!r}; give the folder that holds the splits")
    found = dataset.find(place)
    if not found:
        raise UserError(f"{str(place)!r} holds no tracks of {dataset.name} ({dataset.track}); give their folder")
    return found


def write_table(path: Path, tracks: Iterable[Track]) -> None:
    """Write a table of tracks, as the config's key `tracks` takes it."""
    tracks = list(tracks)
    references = {f"{REFERENCE}{source}": None for track in tracks for source in track.references}
    columns = ["track", "mixture", "sources", *references]
    with written_whole(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, dialect="excel-tab", restval="", lineterminator="\n")
        writer.writeheader()
        for track in tracks:
            files = {f"{REFERENCE}{source}": reference for source, reference in track.references.items()}
            writer.writerow(
                {"track": track.track, "mixture": track.mixture, "sources": ",".join(track.sources), **files}
            )
