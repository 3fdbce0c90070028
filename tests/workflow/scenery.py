"""What the first command of a scene finds: songs, data sets, recordings, a checkout."""

import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from stemsteer.sound import audio
from stemsteer.sound.audio import Signal
from workdir import MUSIC, REPOSITORY, encode

SECONDS = 1.5
"""Of music that is separated."""

LIGHT: Mapping[str, Any] = {"generator": {"dictionaries": 1, "iterations": 5}, "steering": {"subsets": 4}}
"""A run that is over soon."""


def song(seconds: float = SECONDS) -> tuple[Signal, int]:
    """Real music `[samples, 1]`, again and again if need be, and its rate (Hz)."""
    signal, rate = audio.read(MUSIC)
    return np.resize(signal[:, 0], round(seconds * rate))[:, None], rate


def write_song(path: Path, seconds: float = SECONDS) -> None:
    """Write music in the format that the name says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    encode(path, *song(seconds))


def clicks(seconds: float) -> Signal:
    """Short sounds of noise `[samples, 1]` at the rate of the songs."""
    signal, rate = song(seconds)
    ticks = np.exp(-(np.arange(len(signal)) % (rate // 4)) / 300)
    return (0.2 * ticks * np.random.default_rng(1).standard_normal(len(signal)))[:, None].astype(np.float32)


def write_stems(folder: Path, seconds: float = SECONDS, mixture: str | None = None, suffix: str = "flac") -> None:
    """Write a guitar and drums, and their mixture under a name."""
    folder.mkdir(parents=True, exist_ok=True)
    guitar, rate = song(seconds)
    stems = {"guitar": guitar / 2, "drums": clicks(seconds)}
    for name, signal in {**stems, **({mixture: sum(stems.values())} if mixture else {})}.items():
        audio.write(folder / f"{name}.{suffix}", signal, rate, "PCM_16" if suffix == "flac" else "FLOAT")


def write_slakh(folder: Path) -> None:
    """A track in the layout of Slakh2100."""
    write_stems(folder, mixture="mix")
    (folder / "stems").mkdir()
    stems = {
        stem: {"audio_rendered": True, "is_drum": drums, "program_num": program}
        for stem, drums, program in (("S00", False, 30), ("S01", True, 128))
    }
    for stem, file in zip(stems, ("guitar", "drums"), strict=True):
        (folder / f"{file}.flac").rename(folder / f"stems/{stem}.flac")
    (folder / "metadata.yaml").write_text(yaml.safe_dump({"stems": stems}), encoding="utf-8")


def write_musdb18(folder: Path) -> None:
    """MUSDB18 with a single song."""
    import stempeg

    folder.mkdir(parents=True)
    shutil.copy(stempeg.example_stem_path(), folder / "The Easton Ellises - Falcon 69.stem.mp4")


def write_table(path: Path, tracks: Sequence[str], folder: str = "music") -> None:
    """A table of tracks that all are the mixture in a folder, with references."""
    rows = [f"{track}\t{folder}/mixture.flac\t0\t{SECONDS}\tguitar,drums" for track in tracks]
    columns = ["track\tmixture\tstart\tduration\tsources\treference_guitar\treference_drums"]
    references = f"\t{folder}/guitar.flac\t{folder}/drums.flac"
    path.write_text("\n".join([*columns, *(row + references for row in rows)]) + "\n", encoding="utf-8")


def copy_checkout(folder: Path) -> None:
    """Copy this checkout, with its environment, to a folder in which it may be changed."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    files = subprocess.run(listed, cwd=REPOSITORY, check=True, capture_output=True, text=True).stdout.split("\0")
    for file in files:
        if (source := REPOSITORY / file).is_file() or source.is_symlink():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, folder / file, follow_symlinks=False)
    (folder / ".venv").mkdir()
    (folder / ".venv/bin").symlink_to(Path(sys.executable).parent)
    # Newer than all that it depends on: nothing is to be installed.
    (folder / ".venv/installed").touch()


def write_config(path: Path, settings: Mapping[str, Any]) -> None:
    """Write a config with a light run."""
    config = {"runs": {"default": LIGHT}, "baselines": [], "judge": None, **settings}
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
