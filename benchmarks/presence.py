"""From which probability on a tagger's word is to be believed that a source is there at all.

    python benchmarks/presence.py benchmarks/development.tsv real/tracks.tsv
    python benchmarks/presence.py benchmarks/development.tsv --taggers MTT_vgg --output thresholds.tsv

Each tagger hears all mixtures, as a run hears them before it steers. A source is there if it has a reference, and
absent if not, unless unknown.tsv says that nobody wrote it down. It is also absent from what is left of a mixture
without its reference, which is heard too: few tracks have no drums.

For each tagger and source a threshold is chosen on one half of the tracks (halves.tsv): where the logarithms of both
kinds are equally likely, taken for normal distributions of one width. That is the middle between their means, or less
if it costs more to call a source absent that is there. Sources without both kinds get no threshold.

Written is the table that StemSteer reads (resources/presence.tsv). Printed is for each tagger, source and half how many
absent sources the threshold finds out, and how many sources that are there it misses.
"""

import argparse
import csv
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from excerpts import PART_OF, at_peak, read_mixture, read_reference
from numpy.typing import NDArray

from stemsteer.files import written_whole
from stemsteer.places import RESOURCES
from stemsteer.settings.tracks import Track, read_tracks
from stemsteer.sound import audio
from stemsteer.sound.audio import Signal
from stemsteer.steering.settings import FULL_SET
from stemsteer.taggers.base import Tagger, tag_probabilities
from stemsteer.taggers.labels import find_if_known
from stemsteer.taggers.loading import load_tagger
from stemsteer.taggers.presence import TINY

HERE = Path(__file__).parent
TAGGERS = ("MTT_vgg", "MTT_musicnn", "fcn-mtat", "musicnn-mtat", "instruments")
SMALLEST_DIFFERENCE = 0.3
"""Between the means of both kinds; a tagger that hears less of one has a threshold all the same."""

Probabilities = NDArray[np.float64]


def main() -> None:
    arguments = parser().parse_args()
    tracks = [track for table in arguments.tracks for track in read_tracks(str(table), list(FULL_SET))]
    rows = [row for name in arguments.taggers for row in heard_by(load_tagger(name), tracks)]
    halves, unknown = column(HERE / "halves.tsv", "half"), column(HERE / "unknown.tsv", "sources")
    table = pd.DataFrame(rows).assign(half=lambda rows: rows.track.map(halves))
    names = zip(table.track, table.source, strict=True)
    is_known = [source not in unknown.get(track, "").split(",") for track, source in names]
    table = table[is_known].dropna(subset=["half"])
    chosen = thresholds(table, arguments.cost)
    with written_whole(arguments.output) as part:
        chosen.to_csv(part, sep="\t", index=False, float_format="%.4g")
    print(found_out(table, chosen).to_string(index=False))


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("tracks", type=Path, nargs="+", help="tables of tracks with references")
    made.add_argument("--taggers", nargs="+", default=TAGGERS, help=f"(default: {' '.join(TAGGERS)})")
    made.add_argument(
        "--output", type=Path, default=RESOURCES / "presence.tsv", help="(default: resources/presence.tsv)"
    )
    made.add_argument(
        "--cost", type=float, default=1.5, help="of a miss, in absent sources not found out (default: 1.5)"
    )
    return made


def column(table: Path, name: str) -> dict[str, str]:
    """A column of a table, by track."""
    with table.open(encoding="utf-8", newline="") as file:
        return {row["track"]: row[name] for row in csv.DictReader(file, dialect="excel-tab")}


@torch.no_grad()
def heard_by(tagger: Tagger, tracks: list[Track]) -> list[dict[str, object]]:
    """What a tagger says of each source of the full set in each mixture and in the rests, and whether it is there."""
    rows: list[dict[str, object]] = []
    for track in tracks:
        there = {PART_OF.get(source, source) for source in track.references}
        for source in FULL_SET:
            if not (labels := find_if_known(tagger.labels, source)):
                continue
            names = {"tagger": tagger.name, "source": source, "track": track.track}
            mixture, rate = read_mixture(track)
            rows.append({**names, "there": source in there, "probability": probability(tagger, labels, mixture, rate)})
            if source in track.references:
                rest = mixture - read_reference(track, source, mixture)
                rows.append({**names, "there": False, "probability": probability(tagger, labels, rest, rate)})
    return rows


def probability(tagger: Tagger, labels: list[int], signal: Signal, rate: int) -> float:
    """Of some labels, the mean over them and windows, in a signal `[samples, channels]` at `rate` Hz and any level."""
    heard = torch.from_numpy(audio.resample(audio.mono(at_peak(signal)), rate, tagger.sample_rate)).T
    return float(tag_probabilities(tagger.logits(heard), tagger.activation)[0, labels].mean())


def thresholds(table: pd.DataFrame, cost: float) -> pd.DataFrame:
    """A threshold for each tagger and source, by the tracks that are there to choose by; `cost` is that of a miss."""
    rows = []
    for (tagger, source), group in table[table.half == "choose"].groupby(["tagger", "source"], sort=False):
        present, absent = (group.probability[group.there == there].to_numpy() for there in (True, False))
        if len(present) and len(absent):
            rows.append({"tagger": tagger, "source": source, "probability": threshold(present, absent, cost)})
        else:
            print(f"{tagger}, {source}: it is there {len(present)} times and absent {len(absent)} times: no threshold")
    return pd.DataFrame(rows, columns=["tagger", "source", "probability"])


def threshold(present: Probabilities, absent: Probabilities, cost: float) -> float:
    """The probability that parts tracks with a source from those without it (linear discriminant analysis)."""
    present, absent = np.log(present + TINY), np.log(absent + TINY)
    squares = np.square(present - present.mean()).sum() + np.square(absent - absent.mean()).sum()
    variance = squares / max(len(present) + len(absent) - 2, 1)
    difference = max(present.mean() - absent.mean(), SMALLEST_DIFFERENCE)
    place = (present.mean() + absent.mean()) / 2 - variance / difference * np.log(cost)
    return float(np.exp(place) - TINY)


def found_out(table: pd.DataFrame, chosen: pd.DataFrame) -> pd.DataFrame:
    """For each tagger, source and half: how many absent sources are found out, and how many present ones missed."""
    told = table.merge(chosen.rename(columns={"probability": "threshold"}), on=["tagger", "source"])
    told["silent"] = told.probability < told.threshold
    rows = []
    for (tagger, source, half), group in told.groupby(["tagger", "source", "half"], sort=False):
        there, absent = group[group.there], group[~group.there]
        rows.append(
            {
                "tagger": tagger,
                "source": source,
                "half": half,
                "absent found out": f"{absent.silent.sum()} of {len(absent)}",
                "present missed": f"{there.silent.sum()} of {len(there)}",
            }
        )
    return pd.DataFrame(rows)


if __name__ == "__main__":
    main()
