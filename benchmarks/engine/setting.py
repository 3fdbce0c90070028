"""What the engine's benchmarks measure: a run on an excerpt, with the settings of TagBox's code by default."""

import argparse
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
import yaml

from stemsteer.devices import choose_device
from stemsteer.errors import UserError
from stemsteer.generators.loading import load_generator
from stemsteer.settings.config import Config, load_config
from stemsteer.sound import audio
from stemsteer.sound.audio import Signal
from stemsteer.sound.chunks import Chunk
from stemsteer.stages.steer import method_settings
from stemsteer.steering.gradient import GradientSolver
from stemsteer.steering.method import Method
from stemsteer.steering.problem import Problem, Wanted
from stemsteer.taggers.loading import load_tagger

AUDIO = Path(__file__).resolve().parents[2] / "tests" / "data" / "feelings_16khz.flac"
RATE = 44100
WHOLE = 128  # samples: the hop of Jukebox's top level, so that no level leaves out or fills up anything
SEED = 20211021
RUN = "benchmark"


@dataclass(frozen=True)
class Workload:
    """Problems, and the method that solves them."""

    method: Method
    problems: list[Problem]

    def begin(self, steps: int | None = None) -> GradientSolver:
        """A new solver, of so many steps or of as many as are set."""
        settings = self.method.settings.steering
        if steps is not None:
            settings = settings.model_copy(update={"steps": steps})
        return GradientSolver(settings, self.method, self.problems)


@dataclass(frozen=True)
class Setting:
    """All that a benchmark's figures depend on, in values that JSON can hold."""

    audio: str
    seconds: float
    taggers: list[str]
    fft_sizes: list[int]
    source: str
    steps: int
    threads: int
    device: str
    codec: str
    dtype: str = "float32"
    batch: int = 1
    changes: dict[str, Any] = field(default_factory=dict)

    def excerpt(self) -> Signal:
        """The audio, mono float32 `[samples]`, at a peak of 1: repeated or cut to a whole number of hops.

        Its samples are taken for 44.1 kHz, whatever its rate is.

        Raises:
            UserError: it cannot be read, or is silent, or no sample of it is asked for.
        """
        try:
            samples = audio.mono(audio.read(self.audio)[0])[:, 0]
        except (OSError, soundfile.LibsndfileError) as error:
            raise UserError(f"--audio {self.audio} cannot be read ({error}): give a wav or flac file") from error
        length = int(self.seconds * RATE) // WHOLE * WHOLE
        if length <= 0:
            raise UserError(f"--seconds {self.seconds}: give at least {WHOLE / RATE:.3f}")
        excerpt = np.resize(samples, length) if len(samples) else np.zeros(length, dtype=np.float32)
        if not (peak := np.abs(excerpt).max()):
            raise UserError(f"{self.audio}: its first {self.seconds} s are silent; choose other audio")
        return excerpt / peak

    def config(self) -> Config:
        """As if it had been written in a config file.

        Raises:
            UserError: there is no such setting, tagger or codec, or a value is not possible.
        """
        run: dict[str, Any] = {
            "preset": "tagbox-code",
            "generator": {"codec": RUN},
            "taggers": {"names": self.taggers},
            "steering": {"steps": self.steps, "threads": self.threads},
            "mask": {"fft_sizes": self.fft_sizes},
        }
        for place, value in self.changes.items():
            group, key = place.split(".")
            run.setdefault(group, {})[key] = value
        codecs = {RUN: {"weights": self.codec}}
        return load_config({"tracks": self.audio, "device": self.device, "codecs": codecs, "runs": {RUN: run}})

    def workload(self) -> "Workload":
        """What is measured, all models loaded.

        Raises:
            UserError: see `config` and `excerpt`; or a model, the device or the tag is not there.
        """
        config = self.config()
        settings, dtype = config.runs[RUN], getattr(torch, self.dtype)
        device = choose_device(config.device, settings.steering.threads)
        generator = load_generator(settings.generator, config.codec_of(RUN), device).to(dtype)
        taggers = [load_tagger(name, device=device, dtype=dtype) for name in settings.taggers.names]
        wanted = Wanted(self.source, {tagger.name: tagger.labels.find(self.source) for tagger in taggers}, SEED)
        excerpt = self.excerpt()
        problems = [
            Problem(Chunk(index, 0, len(excerpt)), excerpt, RATE, SEED, (wanted,)) for index in range(self.batch)
        ]
        return Workload(Method(method_settings(settings), generator, taggers), problems)

    def in_words(self) -> str:
        """For the head of a table."""
        codec = Path(self.codec).name
        return (
            f"{self.seconds:g} s of {Path(self.audio).name}, {' + '.join(self.taggers)}, FFT "
            f"{'/'.join(map(str, self.fft_sizes))}, codec {codec}, {self.dtype}, batch {self.batch}, "
            f"{self.threads} threads, device {self.device}"
        )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options that the benchmarks have in common."""
    parser.add_argument(
        "--audio", default=str(AUDIO), metavar="FILE", help="taken for 44.1 kHz (default: 6 s of the tests')"
    )
    parser.add_argument(
        "--seconds",
        type=float,
        default=6.08,
        metavar="S",
        help="of audio, repeated where it is shorter (default: 6.08)",
    )
    parser.add_argument(
        "--taggers",
        nargs="+",
        default=["fcn-mtat", "musicnn-mtat"],
        metavar="NAME",
        help="that listen (default: fcn-mtat musicnn-mtat)",
    )
    parser.add_argument(
        "--fft-sizes",
        nargs="+",
        type=int,
        default=[2048, 1024, 512],
        metavar="N",
        help="of the masks (default: 2048 1024 512)",
    )
    parser.add_argument("--source", default="drums", metavar="NAME", help="to steer to (default: drums)")
    parser.add_argument("--threads", type=int, default=cores(), metavar="N", help="of the CPU (default: all cores)")
    parser.add_argument("--device", default="cpu", metavar="NAME", help="cpu, cuda, cuda:N or mps (default: cpu)")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        type=change,
        metavar="GROUP.KEY=VALUE",
        help="another setting of our run, as under `runs` in config.yaml; may be given several times",
    )


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def change(text: str) -> tuple[str, Any]:
    """`GROUP.KEY=VALUE`, the value read as in a config file."""
    key, equals, value = text.partition("=")
    if not equals or key.count(".") != 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form GROUP.KEY=VALUE, as steering.steps=5 is")
    return key, yaml.safe_load(value)


def from_arguments(arguments: argparse.Namespace, codec: Path | str, **others: Any) -> Setting:
    """The setting that the common options describe."""
    return Setting(
        audio=arguments.audio,
        seconds=arguments.seconds,
        taggers=arguments.taggers,
        fft_sizes=arguments.fft_sizes,
        source=arguments.source,
        steps=arguments.steps,
        threads=arguments.threads,
        device=arguments.device,
        codec=str(codec),
        changes=dict(arguments.set),
        **others,
    )
