"""Is a source there at all? What taggers say of a mixture, against what they say of mixtures that hold the source."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import pandas as pd

from stemsteer.places import RESOURCES

HEARD = 0.5
"""From this probability on a source is said to be there."""

STEEPNESS = 3.0
"""How fast the probability rises around the threshold, for each factor of e in what a tagger says."""

TINY = 1e-6


@cache
def thresholds(path: Path = RESOURCES / "presence.tsv") -> Mapping[tuple[str, str], float]:
    """By tagger and source: the mean probability of the source's tags from which on the source is heard.

    benchmarks/presence.py measures them. There are none for sources and taggers that it was not run on.
    """
    table = pd.read_csv(path, sep="\t")
    columns = (table[name].tolist() for name in ("tagger", "source", "probability"))
    return {(tagger, source): probability for tagger, source, probability in zip(*columns, strict=True)}


def presence(source: str, probability: float, taggers: Sequence[str]) -> float | None:
    """The probability that a source is in a mixture; nothing where no tagger has a threshold for it.

    Args:
        source: its name.
        probability: of its tags in the mixture, the mean over the taggers.
        taggers: the names of those that were heard.
    """
    known = [thresholds()[tagger, source] for tagger in taggers if (tagger, source) in thresholds()]
    if not known:
        return None
    threshold = sum(known) / len(known)
    return 1 / (1 + ((threshold + TINY) / (probability + TINY)) ** STEEPNESS)
