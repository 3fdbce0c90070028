"""What taggers hear in isolated stems: the area under the curve of each source, on rendered and on real music.

    python benchmarks/hearing.py benchmarks/development.tsv real/tracks.tsv --table hearing.tsv

Every stem with a reference is cut into windows of two seconds; those in which it is hardly heard are left out. Windows
of a source are compared with those of all other stems: the area is the share of pairs in which the tagger finds the
source more probable in the former. Each stem is heard as it is, and as random subsets of the components of its own
spectrogram (`subset`), which is what steering by perturbation makes of it. Printed is a table in Markdown.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from excerpts import PART_OF, at_peak, read_mixture, read_reference
from markdown_tables import HALVES, halves, markdown

from stemsteer.files import written_whole
from stemsteer.settings.tracks import Track, read_tracks
from stemsteer.stages.tagger_evaluation import logits_of_stem
from stemsteer.steering.settings import FULL_SET
from stemsteer.taggers.base import Tagger
from stemsteer.taggers.instruments.training.optimisation import area_under_curve
from stemsteer.taggers.labels import find_if_known
from stemsteer.taggers.loading import load_tagger

RENDERED = "minislakh"
"""What the paths of rendered music contain."""


def main() -> None:
    arguments = parser().parse_args()
    torch.set_num_threads(1)
    half = halves(HALVES)
    tracks = [track for table in arguments.tracks for track in read_tracks(str(table), list(FULL_SET))]
    taggers = [load_tagger(name) for name in arguments.taggers]
    rows: list[dict[str, object]] = []
    for track in tracks:
        if arguments.half in ("both", half.get(track.track)):
            rows += list(heard_of(track, taggers))
    table = pd.DataFrame(rows)
    with written_whole(arguments.table) as part:
        table.to_csv(part, sep="\t", index=False, float_format="%.4f", na_rep="nan")
    print(in_markdown(table))


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("tracks", type=Path, nargs="+", help="tables of tracks with references")
    made.add_argument("--table", type=Path, default=Path("hearing.tsv"), help="the TSV to write (default: hearing.tsv)")
    made.add_argument("--half", choices=("choose", "report", "both"), default="both", help="of the tracks")
    made.add_argument("--taggers", nargs="+", default=["instruments", "MTT_vgg", "MTT_musicnn"], help="by name")
    return made


def heard_of(track: Track, taggers: list[Tagger]) -> Iterator[dict[str, object]]:
    """A row for each stem, way of hearing, tagger and window: the logit of each source."""
    mixture, rate = read_mixture(track)
    scale = 1 / np.abs(mixture).max()
    music = "rendered" if RENDERED in track.mixture else "real"
    for source in track.references:
        stem = torch.from_numpy(read_reference(track, source, at_peak(mixture)) * scale).mean(1)
        facts = {"track": track.track, "music": music, "stem": PART_OF.get(source, source)}
        for tagger in taggers:
            known = {name: labels for name in FULL_SET if (labels := find_if_known(tagger.labels, name))}
            for way, logits in logits_of_stem(stem, rate, tagger).items():
                for of_window in logits:
                    told = {name: float(of_window[labels].mean()) for name, labels in known.items()}
                    yield {**facts, "way": way, "tagger": tagger.name, **told}


def in_markdown(table: pd.DataFrame) -> str:
    """Areas under the curve, a row for each tagger, way of hearing and kind of music."""
    sources = [name for name in FULL_SET if name in table]
    rows = []
    for (tagger, way, music), heard in table.groupby(["tagger", "way", "music"], sort=False):
        areas = []
        for source in sources:
            truth = torch.tensor((heard.stem == source).to_numpy(), dtype=torch.float32)[:, None]
            logits = torch.tensor(heard[source].to_numpy(), dtype=torch.float32)[:, None]
            area = area_under_curve(logits, truth, torch.ones_like(truth))[0]
            areas.append("-" if heard[source].isna().all() or np.isnan(area) else f"{area:.2f}")
        rows.append([str(tagger), str(way), str(music), *areas, str(len(heard))])
    return markdown(["tagger", "heard", "music", *sources, "windows"], rows)


if __name__ == "__main__":
    main()
