"""Whether the scores that the taggers of instruments were trained with hold melodies of the benchmarks' pieces.

    snakemake minislakh results/tagger/scores.npz
    python benchmarks/independence.py results/datasets/minislakh/midi results/tagger/scores.npz

A melody is a run of intervals in one part, whatever its key and its tempo; runs of few different intervals (scales,
repeated notes) are no evidence and do not count. Printed is for each piece which share of its melodies the scores hold,
and the same for the scores of every second part, which are compared with the others: music quotes itself and its time.
"""

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from stemsteer.datasets.instruments.programs import DRUM_KIT
from stemsteer.datasets.instruments.scores import KEY, START, ScorePart, load_parts, read_parts

LENGTH = 16
FEWEST_INTERVALS = 6


def main() -> None:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("pieces", type=Path, help="the folder with the MIDI files of the benchmarks")
    made.add_argument("scores", type=Path, help="results/tagger/scores.npz")
    arguments = made.parse_args()
    trained = load_parts(arguments.scores)
    known = melodies(trained)
    print(f"scores of the training: {len(known):,} melodies")
    for piece in sorted(arguments.pieces.glob("*.mid")):
        print(f"{piece.stem}: {told(melodies(read_parts(piece)), known)}")
    print(f"every second part of the training, in the others: {told(melodies(trained[::2]), melodies(trained[1::2]))}")


def told(some: set[bytes], known: set[bytes]) -> str:
    """How many melodies are known, and which share."""
    return f"{len(some & known):,} of {len(some):,} ({len(some & known) / max(1, len(some)):.1%})"


def melodies(parts: Iterable[ScorePart]) -> set[bytes]:
    """The runs of `LENGTH` intervals between the highest notes that begin together, in all parts but drums."""
    return {run for part in parts if part.program != DRUM_KIT for run in _runs(_highest(part))}


def _highest(part: ScorePart) -> Sequence[int]:
    highest: dict[float, int] = {}
    for note in part.notes:
        start = round(float(note[START]), 2)
        highest[start] = max(int(note[KEY]), highest.get(start, 0))
    return [key for _, key in sorted(highest.items())]


def _runs(keys: Sequence[int]) -> Iterable[bytes]:
    intervals = np.diff(np.array(keys, np.int16)).astype(np.int8)
    for start in range(len(intervals) - LENGTH + 1):
        run = intervals[start : start + LENGTH]
        if len(np.unique(run)) >= FEWEST_INTERVALS:
            yield run.tobytes()


if __name__ == "__main__":
    main()
