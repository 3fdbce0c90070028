"""A folder in which Snakemake is run as a user runs it, the music in it, and what comes out."""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from groups import grouped
from stemsteer.sound import audio
from stemsteer.sound.audio import Signal

REPOSITORY = Path(__file__).parents[2]
MUSIC = REPOSITORY / "tests/data/feelings_16khz.flac"
QUICK = {"steps": 1, "fft_sizes": [512]}
"""Settings of a run that is over soon; `grouped` puts them in their groups."""


def music(seconds: float, rate: int, channels: int = 1) -> Signal:
    """Real music `[samples, channels]`, different in each channel."""
    song, own_rate = audio.read(MUSIC)
    samples = round(seconds * rate)
    pieces = [audio.resample(song[own_rate * start // 2 :], own_rate, rate)[:samples] for start in range(channels)]
    return np.concatenate(pieces, axis=1)


def encode(path: Path, signal: Signal, rate: int, options: Sequence[str] = ()) -> None:
    """Write a signal as the name of the file and ffmpeg's options say."""
    plain = path.with_name("to_encode.wav")
    audio.write(plain, signal, rate)
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-i", plain, *options, f"file:{path}"]
    subprocess.run(command, check=True)
    plain.unlink()


def decode(path: Path, channels: int) -> Signal:
    """What ffmpeg makes of a file, as raw samples: `[samples, channels]`."""
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", f"file:{path}", "-map", "0:a:0", "-f", "f32le", "-"]
    samples = subprocess.run(command, check=True, capture_output=True).stdout
    return np.frombuffer(samples, "<f4").reshape(-1, channels)


@dataclass(frozen=True)
class Ended:
    """How a call of Snakemake ended."""

    status: int
    output: str

    @property
    def jobs(self) -> dict[str, int]:
        """Number of jobs by rule, as in the table that Snakemake prints before it starts them.

        Rules that share the work of one (`steer`, `steer_1`, ...) count as that one.
        """
        table = re.search(r"^job +count\n-+ +-+\n(.*?)\n\n", self.output, re.MULTILINE | re.DOTALL)
        counted: Counter[str] = Counter()
        for rule, count in map(str.split, table[1].splitlines() if table else []):
            counted[re.sub(r"_\d+$", "", rule)] += int(count)
        return dict(counted)


@dataclass(frozen=True)
class Workdir:
    """A folder with a table of tracks and the results of running them."""

    folder: Path

    def tracks(self, *rows: dict[str, str], table: str = "tracks.tsv") -> None:
        """Write a table of tracks."""
        pd.DataFrame(rows).to_csv(self.folder / table, sep="\t", index=False)

    def configure(self, **settings: Any) -> None:
        """Write a config, `mine.yaml`: quick settings, and `settings` in their place.

        Runs may name single settings, without their groups.
        """
        quick = {
            "tracks": "tracks.tsv",
            "sources": ["guitar"],
            "runs": {"quick": QUICK},
            "baselines": [],
            "judge": None,
        }
        config = {**quick, **settings}
        config["runs"] = {name: grouped(**run) for name, run in config["runs"].items()}
        (self.folder / "mine.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")

    def snakemake(self, *options: str, **settings: Any) -> Ended:
        """Run the workflow as a user would who is in this folder, with a config as `configure` writes it."""
        self.configure(**settings)
        return snakemake(self.folder, *options, "--configfile", "mine.yaml")

    def files(self) -> dict[str, bytes]:
        """Content of all files, Snakemake's own left out."""
        files = [path for path in self.folder.rglob("*") if path.is_file() and ".snakemake" not in path.parts]
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in files}

    def audio(self, path: str) -> tuple[Signal, int]:
        """The signal `[samples, channels]` in a file, and its rate (Hz)."""
        return audio.read(self.folder / path)

    def text(self, path: str) -> str:
        return (self.folder / path).read_text(encoding="utf-8")

    def json(self, path: str) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.text(path))
        return content

    def table(self, path: str) -> pd.DataFrame:
        return pd.read_csv(self.folder / path, sep="\t", dtype={"track": str})


def snakemake(folder: Path, *options: str, checkout: Path = REPOSITORY) -> Ended:
    """Run the workflow of a checkout from a shell in `folder`."""
    ended = subprocess.run(
        [sys.executable, "-m", "snakemake", "--snakefile", checkout / "Snakefile", "--cores", "2", *options],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=600,
    )
    return Ended(ended.returncode, ended.stdout)
