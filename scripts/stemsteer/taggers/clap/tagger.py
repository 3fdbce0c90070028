"""CLAP as a tagger: how much audio is like each of some texts."""

import torch
from torch import Tensor
from torch.nn import functional as F

from stemsteer.models.registry import PromptTaggerModel
from stemsteer.models.weights import find
from stemsteer.taggers.base import Tagger
from stemsteer.taggers.clap.checkpoint import Checkpoint
from stemsteer.taggers.clap.mel import MelDecibels
from stemsteer.taggers.labels import Labels

WINDOWS_AT_ONCE = 8
"""Windows that are heard together: the first layers of the network need some 100 MB for each."""


class ClapTagger(Tagger):
    """The probability of a text is the softmax of its similarity to the audio among all texts, scaled as in training.

    It hears windows as long as those that it was trained with, 10 s for the published checkpoints. Shorter audio is
    repeated where windows are covered. The text encoder is not kept: its answers are.
    """

    def __init__(self, name: str, model: PromptTaggerModel, labels: Labels, checkpoint: Checkpoint) -> None:
        super().__init__()
        self.name, self.labels, self.licence, self.fingerprint = name, labels, model.licence, str(model.sha256)
        self.sample_rate = int(checkpoint.extractor.sampling_rate)
        self.window_seconds = float(checkpoint.extractor.max_length_s)
        self.front_end = MelDecibels(checkpoint.extractor)
        self.network = checkpoint.model.audio_model
        self.projection = checkpoint.model.audio_projection
        self.register_buffer("scale", checkpoint.model.logit_scale_a.detach().exp())
        self.register_buffer("texts", checkpoint.text_embeddings(labels.names))
        self.scale: Tensor
        self.texts: Tensor
        self.eval().requires_grad_(False)

    def activation(self, logits: Tensor) -> Tensor:
        return logits.softmax(dim=-1)

    def window_logits(self, windows: Tensor) -> Tensor:
        return torch.cat([self._logits(some) for some in windows.split(WINDOWS_AT_ONCE)])

    def _logits(self, windows: Tensor) -> Tensor:
        heard = self.network(input_features=self.front_end(windows)[:, None]).pooler_output
        return self.scale * F.normalize(self.projection(heard), dim=-1) @ self.texts.T


def load_clap(name: str, model: PromptTaggerModel, labels: Labels) -> ClapTagger:
    """Load a checkpoint of the registry.

    Raises:
        UserError: transformers is missing, or files of the checkpoint are missing, altered or unreadable.
    """
    return ClapTagger(name, model, labels, Checkpoint(name, find(name).parent))
