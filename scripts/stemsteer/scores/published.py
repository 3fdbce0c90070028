"""Our scores beside those that a paper publishes, and what differs between the two."""

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from stemsteer.generators.settings import CodecWeights
from stemsteer.settings.config import Config
from stemsteer.settings.run import GROUPS, RunSettings

PRESET = "tagbox-paper"
"""The ready-made run that is the paper's method."""

NOT_OF_THE_METHOD = {"generator.codec", "taggers.names", "steering.seed", "steering.threads"}
"""Settings that are compared otherwise, or not at all: the last two change a result by chance only."""

OWN = {
    "tracks": "tracks",
    "sdr_improvement_db": "sdr_improvement_db_mean",
    "sdr_improvement_db_low": "sdr_improvement_db_low",
    "sdr_improvement_db_high": "sdr_improvement_db_high",
    "si_sdr_improvement_db": "si_sdr_improvement_db_mean",
}
"""Figures of ours, and the columns of the summary that they are."""

COLUMNS = (
    *("method", "data_set", "source", "published_sdr_improvement_db", "run", *OWN),
    *("silence_sdr_improvement_db", "differs"),
)


def read_published(path: Path) -> pd.DataFrame:
    """Published figures: method, data_set, source, sdr_improvement_db, and the run that stands for it, if any.

    The column `tagger` names the one that the method steers with, if it steers.
    """
    table = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
    return table.astype({"sdr_improvement_db": float})


def beside_published(
    published: pd.DataFrame,
    summary: pd.DataFrame,
    stems: Mapping[str, str],
    taggers: Mapping[str, Sequence[str]],
    unlike: Mapping[str, Sequence[str]],
    music: str,
) -> pd.DataFrame:
    """A row for each published figure, with ours where a run stands for its method; the columns are `COLUMNS`.

    Args:
        published: as `read_published` gives it.
        summary: of our scores, as `statistics.summary` makes it.
        stems: which estimate is the stem, of those runs that have several.
        taggers: those that runs steer with; baselines have none.
        unlike: what runs do otherwise than the paper, as `unlike_paper` tells it.
        music: what ours are scores of.
    """
    stem = summary.run.map(stems).fillna(summary.estimate)
    ours = summary[summary.estimate == stem].set_index(["source", "run"])[list(OWN.values())]
    table = published.rename(columns={"sdr_improvement_db": "published_sdr_improvement_db"})
    table = table.join(ours.set_axis(list(OWN), axis=1), on=["source", "run"])
    silence = summary[summary.run == "silence"].set_index("source").sdr_improvement_db_mean
    named = list(zip(table.run, table.tagger, table.data_set, strict=True))
    same = pd.Series([taggers.get(run) == ([tagger] if tagger else []) for run, tagger, _ in named], table.index)
    told = [
        "; ".join([*unlike.get(run, []), f"{music} instead of {data_set}"])
        if fits
        else f"another method, whose figures are left out: the taggers of {run} are "
        + (", ".join(taggers.get(run, [])) or "none")
        for (run, _, data_set), fits in zip(named, same, strict=True)
    ]
    scored = table.tracks.notna()
    table[list(OWN)] = table[list(OWN)].where(same)
    return table.assign(
        tracks=table.tracks.fillna(0).astype(int),
        silence_sdr_improvement_db=table.source.map(silence),
        differs=pd.Series(told, table.index).where(scored, ""),
    )[list(COLUMNS)]


def unlike_paper(config: Config, run: str) -> list[str]:
    """What a run does otherwise than the paper, as far as the config tells: its codec and its settings."""
    own, paper = config.runs[run], RunSettings.model_validate({"preset": PRESET})
    differences = unlike_jukebox(config.codec_of(run))
    for group in GROUPS:
        ours, theirs = getattr(own, group).model_dump(), getattr(paper, group).model_dump()
        # A group of another kind has other settings, so that only the kinds can be compared.
        keys = theirs if ours.get("kind") == theirs.get("kind") else ["kind"]
        differences += [
            f"{group}.{key} {_plain(ours[key])} instead of {_plain(theirs[key])}"
            for key in keys
            if ours[key] != theirs[key] and f"{group}.{key}" not in NOT_OF_THE_METHOD
        ]
    return differences


def unlike_jukebox(codec: CodecWeights | None) -> list[str]:
    """What a codec is otherwise than the one that the paper steers; nothing where a run steers no codec."""
    if codec is None:
        return []
    if codec.weights != "jukebox":
        return [f"codec {codec.weights} instead of Jukebox's"]
    return [f"level {codec.level} of the codec instead of 0"] if codec.level else []


def _plain(value: Any) -> str:
    """As it stands in a config."""
    if isinstance(value, float):
        return f"{value:g}"
    return value if isinstance(value, str) else json.dumps(value)


def described(place: str, durations: Collection[float | None]) -> str:
    """The music in words: where its tracks are listed, and how long the excerpts (s; None: all of a track) are."""
    known = [duration for duration in durations if duration is not None]
    if not known:
        return f"whole tracks of {place}"
    lengths = " to ".join(f"{length:g}" for length in sorted({min(known), max(known)}))
    return f"excerpts of {lengths} s of {place}"
