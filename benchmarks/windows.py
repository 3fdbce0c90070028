"""How audio that does not fill a tagger's window is best heard: a measurement on music.

From each piece two windows are cut, one after the other. What a tagger says of the second is the truth; then it hears
only the first seconds of the second, and the rest of its window is filled up

- `zeros`: with silence (as TagBox does),
- `loop`: with the same seconds again and again,
- `mirror`: with the same seconds backwards, forwards, backwards, ..., so that there is no jump,
- `overlap`: with the music before them (which only audio longer than a window has).

The table has one row for each piece, tagger, number of seconds and filling: the mean absolute difference of the 50
probabilities from the truth, their rank correlation (Spearman's) with it, and how many of its five most probable tags
are among the five most probable. What is printed are the means over all pieces.

    STEMSTEER_MODELS=folder/with/models python benchmarks/windows.py folder/with/music windows.tsv
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from scipy.stats import spearmanr
from torch import Tensor

from stemsteer import files
from stemsteer.sound import audio
from stemsteer.taggers.base import Tagger
from stemsteer.taggers.loading import load_tagger

TAGGERS = ("fcn-mtat", "crnn-mtat", "fcn-jamendo", "crnn-jamendo", "fcn-msd", "crnn-msd", "musicnn-mtat", "MTT_musicnn")
SECONDS = (0.5, 1, 2, 3, 6, 12, 20)
SUFFIXES = {".wav", ".flac", ".ogg", ".mp3"}


def main() -> None:
    parser = argparse.ArgumentParser(description="How audio that does not fill a tagger's window is best heard.")
    parser.add_argument("music", type=Path, help="a folder; pieces shorter than two windows are left out")
    parser.add_argument("table", type=Path, help="the TSV file to write")
    arguments = parser.parse_args()
    taggers = [load_tagger(name) for name in TAGGERS]
    rows = []
    for path in sorted(path for path in arguments.music.rglob("*") if path.suffix in SUFFIXES):
        samples = read_mono(path, taggers[0].sample_rate)
        for tagger in taggers:
            rows += [{"piece": path.stem, "tagger": tagger.name, **row} for row in measure(samples, tagger)]
    table = pd.DataFrame(rows)
    with files.written_whole(arguments.table) as partial:
        table.to_csv(partial, sep="\t", index=False, float_format="%.5f")
    figures = table.groupby(["tagger", "seconds", "filling"], sort=False)[["difference", "correlation", "top5"]].mean()
    print(figures.unstack().round(3).to_string())


def read_mono(path: Path, rate: int) -> Tensor:
    """The mean of the channels `[samples]` at `rate` Hz, with a peak of 1, as runs work with it."""
    signal, rate_in = audio.read(path)
    samples = audio.resample(audio.mono(signal), rate_in, rate)[:, 0]
    return torch.from_numpy(samples / np.abs(samples).max())


def measure(samples: Tensor, tagger: Tagger) -> Iterator[dict[str, str | float]]:
    """Rows of the table for one piece `[samples]`."""
    window = tagger.window_samples
    if len(samples) < 2 * window:
        return
    middle = len(samples) // 2
    before, after = samples[middle - window : middle], samples[middle : middle + window]
    truth = probabilities(tagger, after)
    for seconds in SECONDS:
        length = round(seconds * tagger.sample_rate)
        if not window / 10 <= length < window:
            continue
        for filling, heard in fillings(before, after[:length]).items():
            found = probabilities(tagger, heard)
            yield {
                "seconds": seconds,
                "filling": filling,
                "difference": float(np.abs(found - truth).mean()),
                "correlation": float(spearmanr(found, truth).statistic),
                "top5": len(set(np.argsort(found)[-5:]) & set(np.argsort(truth)[-5:])) / 5,
            }


def fillings(before: Tensor, part: Tensor) -> dict[str, Tensor]:
    """Whole windows made of a part of one and the window before it."""
    window = len(before)
    times = -(-window // len(part))
    return {
        "zeros": torch.cat([part, torch.zeros(window - len(part))]),
        "loop": part.repeat(times)[:window],
        "mirror": torch.cat([part, part.flip(0)]).repeat(times)[:window],
        "overlap": torch.cat([before, part])[-window:],
    }


@torch.no_grad()
def probabilities(tagger: Tagger, samples: Tensor) -> np.ndarray:
    """What a tagger says of one window `[window]`: `[tags]`."""
    return tagger.activation(tagger.logits(samples[None]))[0, 0].numpy()


if __name__ == "__main__":
    main()
