"""A folder for separations: a config, a table of tracks, and what `snakemake` needs to go on with it."""

import csv
import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from stemsteer.errors import UserError
from stemsteer.files import written_whole
from stemsteer.places import HOME, PROFILES, RESOURCES
from stemsteer.settings.tracks import COLUMNS, REFERENCE, Track, is_made_here, read_tracks

CONFIG, TABLE, SNAKEFILE = "config.yaml", "tracks.tsv", "Snakefile"
PROFILE_FOLDERS = {"default": "profiles/default", "slurm": "slurm"}
"""Where Snakemake finds each profile of ours: the second one by `--profile slurm`."""

OF_EACH_TRACK = ("sources",)
"""Settings that the rows of the table have, too."""

SHOWN = 3
"""Settings that are told where they are others."""

HEADING = """\
# yaml-language-server: $schema={schema}
# What to separate in this folder, and how. `stemsteer run` or `snakemake` does it; `stemsteer run -n` only tells what
# there is to do. Every other key of StemSteer can be added; {every} explains them all.
"""


@dataclass(frozen=True)
class SeparationFolder:
    """A folder with a config, a table of tracks, a Snakefile and profiles."""

    path: Path

    def settings(self) -> dict[str, Any] | None:
        """What the config there says; None where there is none.

        Raises:
            UserError: it cannot be read.
        """
        place = self.path / CONFIG
        if not place.exists():
            return None
        try:
            settings = yaml.safe_load(place.read_text(encoding="utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise UserError(f"{str(place)!r} is not YAML ({error}); mend it, or choose another folder") from None
        return settings if isinstance(settings, dict) else {}

    def tracks(self) -> list[Track]:
        """Those of the table there."""
        place, sources = self.path / TABLE, (self.settings() or {}).get("sources", [])
        return read_tracks(str(place), list(sources)) if place.exists() else []

    def has_lost(self, track: Track) -> bool:
        """Whether the file of a track is gone, which is not one that the workflow makes, nor a row made by hand."""
        is_there = (self.path / track.mixture).exists() or is_made_here(track.mixture)
        return not is_there and not track.references

    def refuse_other_settings(self, settings: Mapping[str, Any]) -> None:
        """Keep results of other settings from being replaced.

        Raises:
            UserError: the folder has a config with other settings.
        """
        if (config := self.settings()) is None:
            return
        there, now = _flat(config), _flat(settings)
        told = [
            f"{key} is {_told(there.get(key))} there and {_told(now.get(key))} now"
            for key in {**there, **now}
            if there.get(key) != now.get(key) and key not in OF_EACH_TRACK
        ]
        if told:
            more = f"; and {len(told) - SHOWN} more" if len(told) > SHOWN else ""
            raise UserError(
                f"{str(self.path)!r} holds stems of other settings ({'; '.join(told[:SHOWN])}{more}); choose another "
                "folder with --out, or go on with the settings there by "
                f"`stemsteer run --directory {shlex.quote(str(self.path))}`"
            )

    def write(self, settings: Mapping[str, Any], tracks: Sequence[Track]) -> None:
        """Write the config, the table where it is another one, and what else is missing.

        Raises:
            UserError: the folder has another workflow.
        """
        if self.settings() is None and (self.path / SNAKEFILE).exists():
            raise UserError(f"{str(self.path)!r} holds another workflow (its Snakefile); choose another folder")
        self.path.mkdir(parents=True, exist_ok=True)
        heading = HEADING.format(schema=HOME / "config.schema.json", every=HOME / CONFIG)
        if self.settings() is None:
            with written_whole(self.path / CONFIG) as part:
                body = yaml.safe_dump(dict(settings), sort_keys=False, allow_unicode=True)
                part.write_text(heading + body, encoding="utf-8")
        if list(tracks) != self.tracks():
            write_table(self.path / TABLE, tracks)
        copies = {RESOURCES / "folder" / SNAKEFILE: SNAKEFILE}
        copies |= {PROFILES / name / CONFIG: f"{place}/{CONFIG}" for name, place in PROFILE_FOLDERS.items()}
        for shipped, place in copies.items():
            if not (self.path / place).exists():
                (self.path / place).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(shipped, self.path / place)


def write_table(path: Path, tracks: Sequence[Track]) -> None:
    """Write a table of tracks."""
    referenced = sorted({f"{REFERENCE}{source}" for track in tracks for source in track.references})
    rows = [_cells(track) for track in tracks]
    # Python before 3.13 puts no quotes around carriage returns, which file names may have.
    has_returns = any("\r" in cell for row in rows for cell in row.values())
    with written_whole(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(
            file,
            [*COLUMNS, *referenced],
            dialect="excel-tab",
            lineterminator="\n",
            quoting=csv.QUOTE_ALL if has_returns else csv.QUOTE_MINIMAL,
        )
        table.writeheader()
        table.writerows(rows)


def _cells(track: Track) -> dict[str, str]:
    """The row of a track, by column; columns that are missing stay empty."""
    # Python writes numbers so that they are read as the same ones.
    start, duration = (str(seconds or "").removesuffix(".0") for seconds in (track.start, track.duration))
    return {
        "track": track.track,
        "mixture": track.mixture,
        "stream": str(track.stream or ""),
        "start": start,
        "duration": duration,
        "sources": ",".join(track.sources),
        **{f"{REFERENCE}{source}": file for source, file in track.references.items()},
    }


def _flat(settings: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Settings without groups: their keys are written with those of their groups, as `export.container`."""
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        # A group without keys, as that of a run with the defaults, is a setting like others.
        flat |= _flat(value, f"{above}{key}.") if isinstance(value, Mapping) and value else {f"{above}{key}": value}
    return flat


def _told(value: Any) -> str:
    """A setting in words."""
    return "not set" if value is None else "set" if value == {} else repr(value)
