"""The separators that whole_song.py compares, each as the command of a process."""

import importlib.util
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from machine import ROOT
from separate_with_peer import RATE

from stemsteer.models.registry import tagger_models
from stemsteer.models.weights import FOLDERS, locate
from stemsteer.settings.presets import presets
from stemsteer.sound import audio
from stemsteer.sound.decoding import decode

DEFAULT_RUN, MTAT_RUN = "default", "mtat"
PEERS = {"demucs": "htdemucs", "open-unmix": "umxhq"}  # architectures by the names of the packages that have them
MODULES = {"demucs": "demucs", "open-unmix": "openunmix"}


@dataclass(frozen=True)
class Excerpt:
    """The music that all separate: some seconds from the start of a song.

    Attributes:
        song: the whole file, absolute.
        mixture: a wav file with the excerpt, at the rate and with the channels of the song.
        for_peers: the same in stereo and at the peers' rate.
        seconds: how long it is.
    """

    song: Path
    mixture: Path
    for_peers: Path
    seconds: float


def cut(song: Path, seconds: float, folder: Path) -> Excerpt:
    """The excerpt of a song, written to a folder.

    Raises:
        UserError: ffmpeg cannot read the song.
    """
    mixture, for_peers = folder / "mixture.wav", folder / "for_peers.wav"
    facts = decode(str(song), 0.0, seconds, mixture, folder / "mono.wav")
    signal = audio.resample(audio.read(mixture)[0], facts.sample_rate, RATE)
    audio.write(for_peers, np.resize(signal[:, :2].T, (2, len(signal))).T, RATE)
    return Excerpt(song.resolve(), mixture, for_peers, facts.duration_s)


@dataclass(frozen=True)
class Task:
    """What is asked of every separator."""

    excerpt: Excerpt
    sources: Sequence[str]
    threads: int
    device: str

    @property
    def cores(self) -> int:
        """That compute side by side; a GPU counts as one."""
        return self.threads if self.device == "cpu" else 1


class StemSteer:
    """A run of the workflow in which nothing is made but the stems.

    Attributes:
        name: of the run.
    """

    def __init__(self, task: Task, run: str, settings: Mapping[str, Any]) -> None:
        self.task, self.name, self.settings = task, run, settings

    def config(self, tracks: Path) -> dict[str, Any]:
        """What a config file says, for this table of tracks."""
        return {
            "tracks": str(tracks),
            "sources": list(self.task.sources),
            "device": self.task.device,
            "runs": {self.name: dict(self.settings)},
            "baselines": [],
            "judge": None,
        }

    def prepare(self, folder: Path) -> dict[str, Any]:
        """Write the table of tracks and the config to a new folder; the config."""
        excerpt, tracks, config = self.task.excerpt, folder / "tracks.tsv", folder / "config.yaml"
        row = {"track": "song", "mixture": str(excerpt.song), "start": 0, "duration": excerpt.seconds}
        pd.DataFrame([row]).to_csv(tracks, sep="\t", index=False)
        config.write_text(yaml.safe_dump(self.config(tracks)), encoding="utf-8")
        return self.config(tracks)

    def command(self, folder: Path) -> list[str]:
        """Of the process that separates in a folder, which `prepare` has seen."""
        options = {
            "--snakefile": ROOT / "Snakefile",
            "--directory": folder,
            "--cores": self.task.threads,
            "--configfile": folder / "config.yaml",
        }
        return [sys.executable, "-m", "snakemake", "stems", *(str(word) for pair in options.items() for word in pair)]


class Peer:
    """A supervised separator's architecture, which makes four stems.

    Attributes:
        name: of the architecture.
    """

    def __init__(self, task: Task, package: str) -> None:
        self.task, self.name = task, PEERS[package]

    def prepare(self, folder: Path) -> None:
        """There is nothing to prepare."""

    def command(self, folder: Path) -> list[str]:
        """Of the process that separates in a folder."""
        program = Path(__file__).with_name("separate_with_peer.py")
        options = ["--threads", str(self.task.threads), "--device", self.task.device]
        return [sys.executable, str(program), self.name, str(self.task.excerpt.for_peers), str(folder), *options]


def separators(task: Task, peers: Sequence[str]) -> Iterator[StemSteer | Peer]:
    """Those that this machine has all for, the default run first; of the others stderr tells what is missing."""
    yield StemSteer(task, DEFAULT_RUN, {})
    if missing := without_weights(MTAT_RUN):
        told = f"{MTAT_RUN} is left out: the weights of {', '.join(missing)} are in no folder that {FOLDERS} names"
        print(f"{told}, nor in the cache; `snakemake models` fetches them", file=sys.stderr)
    else:
        yield StemSteer(task, MTAT_RUN, {"preset": MTAT_RUN})
    for package in peers:
        if importlib.util.find_spec(MODULES[package]):
            yield Peer(task, package)
        else:
            told = f"{PEERS[package]} is left out: the package {MODULES[package]} is not installed"
            print(f"{told}; `pip install {MODULES[package]}` installs it", file=sys.stderr)


def without_weights(preset: str) -> list[str]:
    """The taggers of a ready-made run whose weights are not on this machine."""
    models = tagger_models()
    names = presets()[preset]["taggers"]["names"]
    return [name for name in names if models[name].file and locate(models[name]) is None]
