"""Play scores of open packages on open instruments, and write clips for the training of taggers."""

import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from stemsteer.datasets.instruments.clips import ClipMaker
from stemsteer.datasets.instruments.players import Player, RecordingPlayer, SamplePlayer, SoundFontPlayer
from stemsteer.datasets.instruments.scores import STEPS, load_parts, read_parts, save_parts
from stemsteer.errors import UserError
from stemsteer.files import written_whole

NOTE = re.compile(r"([A-G])(s?)(\d)( v\d)?")
"""The name of a recorded note, and perhaps that it is a second take: As4 is an A sharp, the MIDI key 70."""

CLIPS_AT_ONCE = 100


def read_scores(scores: Path, packages: Path, *, parts_out: Path) -> None:
    """Write the parts of all scores of a table (`load_parts` reads them).

    Args:
        scores: a table of the files with scores: package, files.
        packages: the folder in which every package lies unpacked.
        parts_out: a NumPy archive.

    Raises:
        UserError: a package holds no such file, or a damaged one.
    """
    rows = pd.read_csv(scores, sep="\t").to_dict("records")
    save_parts([part for row in rows for path in _files(row, packages) for part in read_parts(path)], parts_out)


def make_clips(parts: Path, players: Path, player: str, packages: Path, seed: int, *, clips_out: Path) -> None:
    """Write the clips of one player (a NumPy archive with the arrays of `Clips`).

    Args:
        parts: of scores, as `read_scores` writes them.
        players: a table of what plays: player, kind, package, files, program, clips.
        player: the row of that table to play with.
        packages: the folder in which every package lies unpacked.
        seed: of all that is drawn.
        clips_out: the archive.

    Raises:
        UserError: a package holds no such file.
    """
    table = pd.read_csv(players, sep="\t", keep_default_na=False)
    row = next(row for row in table.to_dict("records") if row["player"] == player)
    random = np.random.default_rng([seed, *player.encode()])
    maker = ClipMaker(_player(row, packages), load_parts(parts), random)
    number = int(row["clips"])
    sizes = [min(CLIPS_AT_ONCE, number - start) for start in range(0, number, CLIPS_AT_ONCE)]
    made = [asdict(maker.make(size)) for size in tqdm(sizes, desc=player, unit="hundred clips")]
    arrays: dict[str, Any] = {name: np.concatenate([some[name] for some in made]) for name in made[0]}
    with written_whole(clips_out) as part, part.open("wb") as file:
        np.savez(file, **arrays)


def _files(row: Mapping[Hashable, object], packages: Path) -> Sequence[Path]:
    found = sorted((packages / str(row["package"])).glob(str(row["files"])))
    if not found:
        raise UserError(f"the package {row['package']} holds no {row['files']}; correct resources/tagger")
    return found


def _player(row: Mapping[Hashable, object], packages: Path) -> Player:
    files = _files(row, packages)
    programs = [int(str(row["program"]))] if row["program"] != "" else None
    if row["kind"] == "soundfont":
        return SoundFontPlayer(files[0], programs)
    assert programs is not None
    if row["kind"] == "samples":
        return SamplePlayer(programs[0], {_key(path): path for path in files})
    return RecordingPlayer(programs[0], files)


def _key(path: Path) -> int:
    """The MIDI key of a recorded note, by its file's name."""
    found = NOTE.fullmatch(path.stem)
    if found is None:
        raise UserError(f"{path}: its name is not that of a note, as C4 or As3")
    step, sharp, octave = found.groups()[:3]
    return 12 * (int(octave) + 1) + STEPS[step] + len(sharp)
