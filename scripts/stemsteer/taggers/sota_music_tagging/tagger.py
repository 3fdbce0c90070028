"""One of the networks as a tagger, found by its name in the model registry."""

from pathlib import Path

import torch
from torch import Tensor

from stemsteer.models.registry import Model, find, sha256
from stemsteer.taggers.base import Tagger
from stemsteer.taggers.settings import WindowPolicy
from stemsteer.taggers.sota_music_tagging.architectures import ARCHITECTURES
from stemsteer.taggers.sota_music_tagging.weights import read_network
from stemsteer.taggers.vocabularies import load_vocabulary


class SotaMusicTagger(Tagger):
    """A network of sota-music-tagging-models with its published weights.

    Raises:
        UserError: the file is not a state dict of the model's architecture.
    """

    def __init__(self, name: str, model: Model, path: Path) -> None:
        super().__init__()
        self.name = name
        self.vocabulary = load_vocabulary(model.vocabulary or "")
        self.licence = model.licence
        self.fingerprint = sha256(path)
        self.network = read_network(path, ARCHITECTURES[model.architecture or ""])
        self.window = self.network.window
        self.eval().requires_grad_(False)

    def window_logits(self, windows: Tensor) -> Tensor:
        logits: Tensor = self.network(windows)
        return logits

    def logits(self, audio: Tensor, windows: WindowPolicy = "cover") -> Tensor:
        samples = audio.shape[1]
        rest = samples % self.window
        if windows == "cover" or not rest:
            return super().logits(audio, windows)
        # The networks need not be given the silence that fills up the last window.
        last = self.window_logits(audio[:, samples - rest :])[:, None]
        return last if rest == samples else torch.cat([super().logits(audio[:, :-rest], windows), last], dim=1)


def load_sota_music_tagging(name: str, model: Model) -> SotaMusicTagger:
    """A tagger of the registry, for example fcn-mtat or short_res-jamendo.

    Raises:
        UserError: the weights are missing, altered or unreadable.
    """
    return SotaMusicTagger(name, model, find(name))
