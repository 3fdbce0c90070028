"""Export the stems of a track: link or write them under names for people, and record where they are."""

import logging
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import soundfile

from stemsteer.errors import UserError
from stemsteer.exports.records import files_of
from stemsteer.exports.settings import REST, ExportSettings
from stemsteer.exports.signals import Separated
from stemsteer.exports.writing import gain_of, write
from stemsteer.files import read_json, write_json, written_whole
from stemsteer.sound.tags import tagging


@dataclass(frozen=True)
class ExportInputs:
    """The files of a separated track.

    Attributes:
        mixture: as it was decoded.
        stems: by source.
        other: the mixture without the stem, where there is one stem only.
        provenance: the records beside the stems, by source.
        tags: of the mixture.
    """

    mixture: Path
    stems: Mapping[str, Path]
    other: Path | None
    provenance: Mapping[str, Path]
    tags: Path


def export_stems(
    run: str,
    track: str,
    inputs: ExportInputs,
    files: Mapping[str, Path],
    settings: ExportSettings,
    as_written: bool,
    *,
    record_out: Path,
) -> None:
    """Make the files of an export, and remove those of an earlier one that has other names.

    Args:
        run, track: their names.
        inputs: the separated track.
        files: to make, by source; the rest of the mixture is `REST`.
        settings: the format.
        as_written: whether it is the format of the stems' own files, which are then linked rather than written again.
        record_out: JSON: where the exported stems lie, how loud they are, and whether their sources were heard.

    Raises:
        UserError: a file is there that no earlier export of this track made, or the format cannot hold the signal.
    """
    begun = _begun(record_out)
    earlier = dict.fromkeys([*files_of(record_out), *files_of(begun)])
    _refuse_to_overwrite(files.values(), earlier)
    write_json(begun, {"files": [{"path": str(path)} for path in {**earlier, **dict.fromkeys(files.values())}]})
    separated = Separated(inputs.mixture, inputs.stems)
    gain = gain_of(settings, separated, files)
    header = soundfile.info(inputs.mixture)
    rows = []
    for source, path in files.items():
        own = inputs.other if source == REST else inputs.stems[source]
        clipped = 0
        if as_written and own is not None:
            link(own, path)
        else:
            signal = (block * gain for block in separated.signal(source)) if gain != 1 else separated.signal(source)
            finish = tagging(inputs.tags, track, source or str(settings.rest))
            clipped = write(path, signal, header, settings, finish)
        rows.append(_row(source, path, clipped, inputs.provenance.get(source)))
    for path in set(earlier) - set(files.values()):
        path.unlink(missing_ok=True)
    _warn(settings, gain, sum(row["clipped_samples"] for row in rows))
    write_json(record_out, {"run": run, "track": track, "rest": settings.rest, "gain": gain, "files": rows})
    begun.unlink()


def forget_incomplete(records: Iterable[Path]) -> None:
    """Take the records of exports of which files are gone for those of begun ones, so that they are made again."""
    for record in records:
        if all(path.exists() for path in files_of(record)):
            continue
        if _begun(record).exists():  # and has all files of this one
            record.unlink()
        else:
            record.rename(_begun(record))


def _begun(record: Path) -> Path:
    """The record of an export that is not complete, which must know its own files again."""
    return record.with_suffix(".begun")


def _refuse_to_overwrite(files: Iterable[Path], earlier: Iterable[Path]) -> None:
    for path in set(files) - set(earlier):
        if path.exists():
            raise UserError(f"{str(path)!r} is there already, from something else; move it, or change export.filename")


def link(file: Path, to: Path) -> None:
    """Let a file have another name too; it is copied where the file system knows no links."""
    if to.exists() and to.samefile(file):
        return
    with written_whole(to) as part:
        part.unlink(missing_ok=True)
        try:
            os.link(file, part)
        except OSError:
            shutil.copyfile(file, part)


def _row(source: str, path: Path, clipped: int, provenance: Path | None) -> dict[str, Any]:
    record = read_json(provenance) if provenance else {}
    return {
        "source": source or None,
        "path": str(path),
        "clipped_samples": clipped + record.get("clipped_samples", 0),
        "presence": record.get("ascent", {}).get("presence"),
        "warning": record.get("warning"),
    }


def _warn(settings: ExportSettings, gain: float, clipped: int) -> None:
    if gain != 1:
        logging.warning("warning: all stems were turned down to %.3f of their level, so that none clips", gain)
    if clipped:
        logging.warning("warning: %d samples were cut off at full scale: stems no longer sum to the mixture", clipped)
    if settings.container == "mp3":
        logging.warning("warning: mp3 changes each stem a little: the stems no longer sum to the mixture exactly")
