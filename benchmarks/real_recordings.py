"""Make mixtures of real recordings whose parts are known, and a table of tracks for them.

    python benchmarks/real_recordings.py folder/with/recordings real
    snakemake benchmark --configfile benchmarks/development.yaml --config tracks=real/tracks.tsv

Each folder is one piece, named in a table (real.tsv), which says at which second its excerpt starts; each of its files
is one part. An excerpt lasts 8 s. The mixture is the sum of the parts in float: nothing is rescaled. Parts called as
one of the sources are the references; others, `cello` or `accompaniment`, are only in the mixture.
Pieces that are not there are left out, with a line that says so.

Recordings are for evaluation: nothing that this writes belongs into the repository.
"""

import argparse
import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from excerpts import read_excerpt

from stemsteer.errors import UserError
from stemsteer.files import written_whole
from stemsteer.settings.tracks import COLUMNS, REFERENCE
from stemsteer.sound import audio
from stemsteer.sound.audio import Signal
from stemsteer.sound.recognition import AUDIO

SOURCES = ("vocals", "drums", "bass", "guitar", "piano", "violin")
SECONDS = 8
PIECES = Path(__file__).with_name("real.tsv")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recordings", type=Path, help="a folder of pieces, each a folder of parts")
    parser.add_argument("output", type=Path, help="the folder to write tracks.tsv and the excerpts to")
    parser.add_argument(
        "--pieces", type=Path, default=PIECES, help="columns track, start (default: benchmarks/real.tsv)"
    )
    arguments = parser.parse_args()
    rows = []
    for piece, start in starts(arguments.pieces).items():
        if (arguments.recordings / piece).is_dir():
            rows.append(make_piece(arguments.recordings / piece, start, arguments.output / piece))
        else:
            print(f"{piece}: there is no such folder in {arguments.recordings}; it is left out")
    write(arguments.output / "tracks.tsv", rows)
    print(f"{len(rows)} pieces: {arguments.output / 'tracks.tsv'}")


def starts(table: Path) -> dict[str, float]:
    """The second at which the excerpt of each piece starts."""
    with table.open(encoding="utf-8", newline="") as file:
        return {row["track"]: float(row["start"]) for row in csv.DictReader(file, dialect="excel-tab")}


def make_piece(folder: Path, start: float, output: Path) -> dict[str, str]:
    """Write the mixture of a piece and its references; the row of the table."""
    files = sorted(path for path in folder.iterdir() if path.suffix in AUDIO)
    parts, rate = read_parts(files, start)
    references = {source: parts[source] for source in SOURCES if source in parts}
    signals = {"mixture": np.stack(list(parts.values())).sum(axis=0), **references}
    for name, signal in signals.items():
        audio.write(output / f"{name}.wav", signal, rate)
    return {
        "track": folder.name,
        "mixture": str(output.resolve() / "mixture.wav"),
        "sources": ",".join(references),
        **{REFERENCE + source: str(output.resolve() / f"{source}.wav") for source in references},
    }


def read_parts(files: list[Path], start: float) -> tuple[Mapping[str, Signal], int]:
    """The excerpts of all parts of a piece, by name, equally long; and their rate (Hz).

    Raises:
        UserError: the parts differ in rate or channels, or end before the excerpt starts.
    """
    read = {file.stem: read_excerpt(file, start, SECONDS) for file in files}
    shapes = {(rate, signal.shape[1]) for signal, rate in read.values()}
    samples = min((len(signal) for signal, _ in read.values()), default=0)
    if len(shapes) != 1 or not samples:
        found = ", ".join(f"{name} ({rate} Hz, {len(signal)} samples)" for name, (signal, rate) in read.items())
        raise UserError(
            f"{files[0].parent if files else 'a piece'}: its parts must have one rate, as many channels, and last "
            f"longer than {start:g} s; there are {found or 'none'}"
        )
    return {name: signal[:samples] for name, (signal, _) in read.items()}, next(iter(shapes))[0]


def write(table: Path, rows: list[dict[str, str]]) -> None:
    """Write the table of tracks."""
    columns = [*COLUMNS, *(REFERENCE + source for source in SOURCES)]
    with written_whole(table) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, dialect="excel-tab", restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
