"""A folder for separations: a config, a table of tracks, and what `snakemake` needs to go on with it."""

import csv
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from stemsteer.errors import UserError
from stemsteer.files import written_whole
from stemsteer.places import HOME, PROFILES, RESOURCES
from stemsteer.settings.tracks import COLUMNS, Track, read_tracks

CONFIG, TABLE, SNAKEFILE = "config.yaml", "tracks.tsv", "Snakefile"
PROFILE_FOLDERS = {"default": "profiles/default", "slurm": "slurm"}
"""Where Snakemake finds each profile of ours: the second one by `--profile slurm`."""

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
        place = self.path / TABLE
        return read_tracks(str(place), []) if place.exists() else []

    def refuse_other_settings(self, settings: Mapping[str, Any]) -> None:
        """Keep results of other settings from being replaced.

        Raises:
            UserError: the folder has a config with other settings.
        """
        there = self.settings()
        if there is None or there == settings:
            return
        pairs = {key: (there.get(key), settings.get(key)) for key in {**there, **settings}}
        told = [f"{key}: {_short(old)} there, {_short(new)} now" for key, (old, new) in pairs.items() if old != new]
        raise UserError(
            f"{str(self.path)!r} holds stems that were made with other settings ({'; '.join(told)}); choose another folder "
            f"with --out, or go on with those by `stemsteer run --directory {self.path}`"
        )

    def write(self, settings: Mapping[str, Any], tracks: Iterable[Track]) -> None:
        """Write the config and the table, and what else is missing."""
        self.path.mkdir(parents=True, exist_ok=True)
        heading = HEADING.format(schema=HOME / "config.schema.json", every=HOME / CONFIG)
        if self.settings() is None:
            with written_whole(self.path / CONFIG) as part:
                body = yaml.safe_dump(dict(settings), sort_keys=False, allow_unicode=True)
                part.write_text(heading + body, encoding="utf-8")
        write_table(self.path / TABLE, tracks)
        copies = {RESOURCES / "folder" / SNAKEFILE: SNAKEFILE}
        copies |= {PROFILES / name / CONFIG: f"{place}/{CONFIG}" for name, place in PROFILE_FOLDERS.items()}
        for shipped, place in copies.items():
            if not (self.path / place).exists():
                (self.path / place).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(shipped, self.path / place)


def write_table(path: Path, tracks: Iterable[Track]) -> None:
    """Write a table of tracks without references."""
    with written_whole(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, dialect="excel-tab", lineterminator="\n")
        table.writerow(COLUMNS)
        for track in tracks:
            start, duration = (f"{seconds:g}" if seconds else "" for seconds in (track.start, track.duration))
            table.writerow([track.track, track.mixture, start, duration, ",".join(track.sources)])


def _short(value: object) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, width=10_000).removesuffix("...\n").strip()
    return text if len(text) <= 60 else f"{text[:59]}…"
