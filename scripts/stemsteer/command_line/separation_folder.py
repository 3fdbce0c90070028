"""A folder for separations: a config, a table of tracks, and what `snakemake` needs to go on with it."""

import csv
import shlex
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

OF_EACH_TRACK = ("sources",)
"""Settings that the rows of the table have, too."""

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
        there, now = _flat(self.settings()), _flat(settings)
        told = [
            f"{key} is {there.get(key)!r} there and {now.get(key)!r} now"
            for key in {**there, **now}
            if there.get(key) != now.get(key) and key not in OF_EACH_TRACK
        ]
        if there and told:
            raise UserError(
                f"{str(self.path)!r} holds stems of other settings ({'; '.join(told)}); choose another folder with "
                f"--out, or go on with the settings there by `stemsteer run --directory {shlex.quote(str(self.path))}`"
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


def _flat(settings: Mapping[str, Any] | None, above: str = "") -> dict[str, Any]:
    """Settings without groups: their keys are written with those of their groups, as `export.container`."""
    flat: dict[str, Any] = {}
    for key, value in (settings or {}).items():
        flat |= _flat(value, f"{above}{key}.") if isinstance(value, Mapping) else {f"{above}{key}": value}
    return flat
