"""The memory that steering a track takes, as a job carries them out, with networks that are hardly any.

As a program it takes two folders that `tones_track.prepare` has made, of a track to begin with and of the one that
counts, and prints `Memory` in JSON.
"""

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from small_problems import WITHOUT_MASK, method_of, settings
from stemsteer.devices import choose_device
from stemsteer.generators.codec import Codec
from stemsteer.generators.jukebox.codebook import Codebook
from stemsteer.generators.jukebox.quantisers import FrozenCodebook
from stemsteer.generators.quantiser import Quantiser
from stemsteer.sound.scaled_signal import MonoSignal
from stemsteer.steering.track import CarriedOut, TrackSteering
from stemsteer.taggers.base import Tagger
from stemsteer.taggers.labels import VocabularyLabels
from stemsteer.taggers.vocabularies import Vocabulary
from tones_track import Job, carry_out, memory

RATE = 44100
STEPS = 3


class SlopeTagger(Tagger):
    """Two tags: a wave is `high` where it is steep, for its energy, and else `low`."""

    labels = VocabularyLabels(Vocabulary("slopes", ("low", "high")))
    sample_rate = RATE  # so that nothing is resampled
    window_seconds = 0.25
    name = "slopes"
    fingerprint = "slopes"
    licence = "MIT"

    def window_logits(self, windows: Tensor) -> Tensor:
        slope = windows.diff(dim=1).square().mean(dim=1) + 1e-9
        logit = (slope / (windows.square().mean(dim=1) + 1e-9)).log() + 3
        return torch.stack([-logit, logit], dim=1)


@dataclass(frozen=True)
class Memory:
    """In bytes: of the process before it steers, with all that it has loaded, and the most that it ever took."""

    before: int
    largest: int

    @property
    def growth(self) -> int:
        return self.largest - self.before


class LinearGenerator(Codec):
    """Random weights of one convolution each way, and eight codes."""

    sample_rate = RATE
    hop = 8
    context = 0
    fingerprint = "linear"
    licence = ""

    def __init__(self) -> None:
        super().__init__()
        random = torch.Generator().manual_seed(11)
        self.register_buffer("weights", torch.linalg.qr(torch.randn(self.hop, self.hop, generator=random)).Q[:, None])
        self.weights: Tensor
        self.codes_of = Codebook(8, self.hop)
        self.codes_of.k.normal_(0, 0.3, generator=random)

    def encode(self, audio: Tensor) -> Tensor:
        return F.conv1d(audio[:, None], self.weights, stride=self.hop)

    def quantiser(self, codebook: str, seed: int = 0) -> Quantiser:
        return FrozenCodebook(self.codes_of)

    def decode(self, quantised: Tensor) -> Tensor:
        return F.conv_transpose1d(quantised, self.weights, stride=self.hop)[:, 0]

    def codes(self, latents: Tensor) -> Tensor:
        return self.codes_of.nearest(latents)

    def decode_codes(self, codes: Tensor) -> Tensor:
        return self.decode(self.codes_of.lookup(codes))


def job_of(folder: Path) -> Job:
    """With a checkpoint after every step."""
    changes = settings(steps=STEPS, **WITHOUT_MASK, chunk_seconds=4, overlap_seconds=0.5)
    method = method_of(changes, [SlopeTagger()], LinearGenerator())
    track = TrackSteering("run", "track", MonoSignal(folder / "mono.wav"), method)
    return Job(track, ["low"], CarriedOut(1, folder / "checkpoints", folder / "answers", 1e-9))


def main(warm_up: Path, track: Path) -> Memory:
    choose_device("cpu", threads=1)
    # PyTorch loads a good part of itself when it is used for the first time.
    carry_out(job_of(warm_up), warm_up)
    before = memory("VmRSS")
    carry_out(job_of(track), track)
    return Memory(before, memory("VmHWM"))


if __name__ == "__main__":
    print(json.dumps(asdict(main(*map(Path, sys.argv[1:])))))
