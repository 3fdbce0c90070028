"""The networks as taggers."""

from functools import partial
from pathlib import Path

from torch import Tensor

from stemsteer.models.registry import TaggerModel
from stemsteer.models.weights import find, sha256
from stemsteer.taggers.base import Tagger
from stemsteer.taggers.efficientat.log_mel import HOP, SAMPLE_RATE, LogMel
from stemsteer.taggers.efficientat.mobilenet import MobileNet
from stemsteer.taggers.labels import Labels
from stemsteer.taggers.state_dicts import read_network

WIDTHS = {"mn04": 0.4, "mn10": 1.0}
"""Of the networks, by the names of the architectures."""

FRAMES = 256  # 2.56 s


class EfficientATTagger(Tagger):
    """A MobileNet with the weights of a file.

    It was trained on 10 s. It hears shorter windows here, in order to tell when something sounds. Their frames are a
    multiple of 32, the product of all strides, so that each output frame stands for as much of the window.

    Raises:
        UserError: the file is not a state dict of the model's architecture.
    """

    sample_rate = SAMPLE_RATE
    window_seconds = FRAMES * HOP / SAMPLE_RATE

    def __init__(self, name: str, model: TaggerModel, labels: Labels, path: Path) -> None:
        super().__init__()
        self.name = name
        self.labels = labels
        self.licence = model.licence
        self.fingerprint = sha256(path)
        self.log_mel = LogMel()
        network_for = partial(MobileNet, WIDTHS[model.architecture], len(labels.names))
        self.network = read_network(path, lambda _: network_for(), model.architecture)
        self.eval().requires_grad_(False)
        self.network.fuse()

    def window_logits(self, windows: Tensor) -> Tensor:
        logits: Tensor = self.network(self.log_mel(windows))
        return logits


def load_efficientat(name: str, model: TaggerModel, labels: Labels) -> EfficientATTagger:
    """Load a tagger of the registry, for example mn10-audioset.

    Raises:
        UserError: the weights are missing, altered or unreadable.
    """
    return EfficientATTagger(name, model, labels, find(name))
