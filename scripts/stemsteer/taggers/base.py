"""What the ascent needs of a pretrained music tagger, and how audio is cut into the windows it hears."""

from abc import ABC, abstractmethod
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from stemsteer.taggers.settings import WindowPolicy
from stemsteer.taggers.vocabularies import Vocabulary

# 32 ms at 16 kHz: nothing can be recognised in a tail this short, and a window of its own would cost as much as
# a whole one. Musicnn's window of 2.992 s thus covers 3 s at once, and 6 s in two.
SHORTEST_TAIL = 512


class Tagger(nn.Module, ABC):
    """A frozen network that tells how likely each tag of a vocabulary is for a window of audio.

    Attributes:
        name: in the model registry.
        vocabulary: the tags, in the order of the logits.
        sample_rate: of the audio it hears, Hz.
        window: samples it hears at once; also the hop from one window to the next.
        context: samples before a window that its first analysis frames reach into.
        fingerprint: sha256 of the weights.
        licence: of the weights.
    """

    name: str
    vocabulary: Vocabulary
    sample_rate: int = 16000
    window: int
    context: int = 0
    fingerprint: str
    licence: str

    @abstractmethod
    def window_logits(self, windows: Tensor) -> Tensor:
        """Tag logits `[windows, tags]` of `[windows, context + window]` samples."""

    def logits(self, audio: Tensor, windows: WindowPolicy = "cover") -> Tensor:
        """Tag logits `[batch, windows, tags]` of audio `[batch, samples]`, differentiable; see `cut_into_windows`."""
        cut = cut_into_windows(audio, self.window, self.context, windows)
        return self.window_logits(cut.flatten(0, 1)).unflatten(0, cut.shape[:2])

    def train(self, mode: bool = True) -> Self:
        """Stay in evaluation mode whatever is asked: batch norms use the statistics of the training, always."""
        return super().train(False)


def cut_into_windows(audio: Tensor, window: int, context: int = 0, policy: WindowPolicy = "cover") -> Tensor:
    """Consecutive windows `[batch, windows, context + window]` of audio `[batch, samples]`, one sample at least.

    Each window is preceded by the `context` samples before it (zeros before the start).

    `pad` fills the last window up with zeros, as TagBox does. `cover` fills it with music: audio shorter than a window
    is repeated; what is left over after the last whole window is heard in a window that ends where the audio ends,
    overlapping the one before it, and a remainder of up to `SHORTEST_TAIL` samples is left out.
    """
    samples = audio.shape[-1]
    if policy == "pad":
        audio = F.pad(audio, (0, -samples % window))
    elif samples < window:
        audio = audio.repeat(1, -(-window // samples))[:, :window]
    padded = F.pad(audio, (context, 0))
    whole = padded.unfold(-1, context + window, window)
    if audio.shape[-1] % window <= SHORTEST_TAIL:
        return whole
    return torch.cat([whole, padded[:, None, -(context + window) :]], dim=1)


def tag_probabilities(logits: Tensor) -> Tensor:
    """Mean over a tagger's windows of the tags' probabilities: `[batch, windows, tags]` to `[batch, tags]`."""
    return torch.sigmoid(logits).mean(dim=1)
