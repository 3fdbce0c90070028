"""Our scores beside those that a paper publishes, and what differs between the two."""

from collections.abc import Collection, Mapping
from pathlib import Path

import pandas as pd

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
    """Published figures: method, data_set, source, sdr_improvement_db, and the run that stands for it, if any."""
    table = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
    return table.astype({"sdr_improvement_db": float})


def beside_published(
    published: pd.DataFrame,
    summary: pd.DataFrame,
    stems: Mapping[str, str],
    generators: Mapping[str, str],
    music: str,
) -> pd.DataFrame:
    """A row for each published figure, with ours where a run stands for its method; the columns are `COLUMNS`.

    Args:
        published: as `read_published` gives it.
        summary: of our scores, as `statistics.summary` makes it.
        stems: which estimate is the stem, of those runs that have several.
        generators: the weights that runs steer.
        music: what ours are scores of.
    """
    stem = summary.run.map(stems).fillna(summary.estimate)
    ours = summary[summary.estimate == stem].set_index(["source", "run"])[list(OWN.values())]
    table = published.rename(columns={"sdr_improvement_db": "published_sdr_improvement_db"})
    table = table.join(ours.set_axis(list(OWN), axis=1), on=["source", "run"])
    scored = table.tracks.notna()
    silence = summary[summary.run == "silence"].set_index("source").sdr_improvement_db_mean
    told = [differences(generators.get(run), music, data) for run, data in zip(table.run, table.data_set, strict=True)]
    return table.assign(
        tracks=table.tracks.fillna(0).astype(int),
        silence_sdr_improvement_db=table.source.map(silence),
        differs=pd.Series(told, index=table.index).where(scored, ""),
    )[list(COLUMNS)]


def differences(weights: str | None, music: str, data_set: str) -> str:
    """What was not done as in the paper, as far as the config tells: the generator, the music."""
    generator = [] if weights in (None, "jukebox") else [f"generator {weights} instead of Jukebox's"]
    return "; ".join([*generator, f"{music} instead of {data_set}"])


def described(place: str, durations: Collection[float | None]) -> str:
    """The music in words: where its tracks are listed, and how long the excerpts (s; None: all of a track) are."""
    known = [duration for duration in durations if duration is not None]
    if not known:
        return f"whole tracks of {place}"
    lengths = " to ".join(f"{length:g}" for length in sorted({min(known), max(known)}))
    return f"excerpts of {lengths} s of {place}"
