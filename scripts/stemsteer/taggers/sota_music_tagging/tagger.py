"""The networks as taggers, with published weights or the user's own."""

from pathlib import Path

import torch
from torch import Tensor

from stemsteer.models.registry import TaggerModel
from stemsteer.models.weights import find, sha256
from stemsteer.taggers.base import Tagger
from stemsteer.taggers.labels import Labels
from stemsteer.taggers.settings import SotaMusicTaggingSettings, WindowPolicy
from stemsteer.taggers.sota_music_tagging.architectures import ARCHITECTURES
from stemsteer.taggers.sota_music_tagging.network import SAMPLE_RATE
from stemsteer.taggers.state_dicts import read_network


class SotaMusicTagger(Tagger):
    """A network of sota-music-tagging-models with the weights of a file.

    Raises:
        UserError: the file is not a state dict of the model's architecture.
    """

    sample_rate = SAMPLE_RATE

    def __init__(self, name: str, model: TaggerModel, labels: Labels, path: Path) -> None:
        super().__init__()
        self.name = name
        self.labels = labels
        self.licence = model.licence
        self.fingerprint = sha256(path)
        architecture = ARCHITECTURES[model.architecture]
        self.network = read_network(path, architecture.sized_like, architecture.__name__)
        self.window_seconds = self.network.window / SAMPLE_RATE
        self.eval().requires_grad_(False)

    def window_logits(self, windows: Tensor) -> Tensor:
        logits: Tensor = self.network(windows)
        return logits

    def logits(self, audio: Tensor, windows: WindowPolicy = "cover") -> Tensor:
        samples = audio.shape[1]
        rest = samples % self.window_samples
        if windows == "cover" or not rest:
            return super().logits(audio, windows)
        # The networks need not be given the silence that fills up the last window.
        last = self.window_logits(audio[:, samples - rest :])[:, None]
        return last if rest == samples else torch.cat([super().logits(audio[:, :-rest], windows), last], dim=1)


def load_sota_music_tagging(name: str, model: TaggerModel, labels: Labels) -> SotaMusicTagger:
    """Load a tagger of the registry, for example fcn-mtat or short_res-jamendo.

    Raises:
        UserError: the weights are missing, altered or unreadable.
    """
    return SotaMusicTagger(name, model, labels, find(name))


def load_own(name: str, own: SotaMusicTaggingSettings, labels: Labels) -> SotaMusicTagger:
    """Load a tagger with the user's own weights.

    Raises:
        UserError: the weights are unreadable.
    """
    return SotaMusicTagger(name, own.model(name), labels, own.weights)
