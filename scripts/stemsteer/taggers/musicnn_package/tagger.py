"""What the package's taggers have in common: the front end and the window."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from stemsteer.models.registry import TaggerModel
from stemsteer.taggers.base import Tagger
from stemsteer.taggers.labels import Labels
from stemsteer.taggers.mel_power import MelPower
from stemsteer.taggers.musicnn_package.musicnn import Musicnn
from stemsteer.taggers.musicnn_package.vgg import VGG
from stemsteer.taggers.musicnn_package.weights import Weights, read_weights

SAMPLE_RATE = 16000  # Hz
N_FFT, HOP, MELS = 512, 256, 96
FRAMES = 187  # 2.992 s
COMPRESSION = 10_000  # of the mel power, before the logarithm

NETWORKS: dict[str, Callable[[Weights], nn.Module]] = {"musicnn": Musicnn, "vgg": VGG}


class MusicnnPackageTagger(Tagger):
    """One of the package's networks behind its front end.

    The package computes one spectrogram of the whole signal, frames centred on every 256th sample, and cuts it into
    patches of 187 frames: the first frame of a patch reaches half a frame back. It also rounds the mel power to
    float16. This class does not: rounding has no gradient, and changes no probability by more than 1e-4.
    """

    sample_rate = SAMPLE_RATE
    window_seconds = FRAMES * HOP / SAMPLE_RATE
    context_seconds = N_FFT // 2 / SAMPLE_RATE

    def __init__(self, name: str, labels: Labels, network: nn.Module, licence: str, fingerprint: str) -> None:
        super().__init__()
        self.name = name
        self.labels = labels
        self.licence = licence
        self.fingerprint = fingerprint
        self.mel_power = MelPower(self.sample_rate, N_FFT, HOP, MELS)
        self.network = network
        self.eval().requires_grad_(False)

    def window_logits(self, windows: Tensor) -> Tensor:
        log_mel = torch.log1p(COMPRESSION * self.mel_power(windows)) / math.log(10)
        logits: Tensor = self.network(log_mel)
        return logits


def load_musicnn_package(name: str, model: TaggerModel, labels: Labels) -> MusicnnPackageTagger:
    """Load MTT_musicnn, MSD_musicnn, MTT_vgg or MSD_vgg.

    Raises:
        UserError: the weights are missing or altered.
    """
    weights, fingerprint = read_weights(name, model)
    network = NETWORKS[model.architecture](weights)
    return MusicnnPackageTagger(name, labels, network, model.licence, fingerprint)
