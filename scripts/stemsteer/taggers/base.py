"""The interface of taggers, and how audio is cut into the windows that they hear."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from stemsteer.taggers.labels import Labels
from stemsteer.taggers.settings import WindowPolicy

SHORTEST_TAIL_SECONDS = 0.032
"""What is left over after the last whole window is heard only if it is longer than this.

Nothing can be recognised in a shorter tail, and hearing it costs as much as a whole window. So one window of musicnn,
2.992 s, is enough for 3 s of audio, and two are for 6 s.
"""

Activation = Callable[[Tensor], Tensor]
"""What makes probabilities of logits `[..., labels]`, of the same shape."""


class Tagger(nn.Module, ABC):
    """A frozen network that says how likely each of its labels is for a window of audio.

    Its family (family.py) says whether the logits have a gradient: the workflow has to know without importing PyTorch.

    Attributes:
        name: in the registry of models or in the config.
        labels: what the logits stand for.
        sample_rate: of the audio that it hears, Hz.
        window_seconds: how much audio it hears at once; also the hop from one window to the next.
        context_seconds: how far its first analysis frames reach back before a window.
        knows_parts: whether it knows an instrument by a part of its sound, so that it can hear parts one by one, too.
            Others know what whole music sounds like.
        fingerprint: sha256 of the weights.
        licence: of the weights.
        choices: what else decides the logits: settings of the user's own.
    """

    name: str
    labels: Labels
    sample_rate: int = 16000
    window_seconds: float
    context_seconds: float = 0.0
    knows_parts: bool = False
    fingerprint: str
    licence: str
    choices: tuple[str | int | float, ...] = ()

    @property
    def window_samples(self) -> int:
        """The window in samples."""
        return round(self.window_seconds * self.sample_rate)

    @property
    def context_samples(self) -> int:
        """The context in samples."""
        return round(self.context_seconds * self.sample_rate)

    def activation(self, logits: Tensor) -> Tensor:
        """The probabilities of logits `[..., labels]`; a sigmoid, unless a tagger says otherwise."""
        return torch.sigmoid(logits)

    @abstractmethod
    def window_logits(self, windows: Tensor) -> Tensor:
        """Logits `[windows, labels]` of audio `[windows, context_samples + window_samples]`."""

    def logits(self, audio: Tensor, windows: WindowPolicy = "cover") -> Tensor:
        """Logits `[batch, windows, labels]` of audio `[batch, samples]`, cut by `cut_into_windows`."""
        cut = self.cut(audio, windows)
        return self.window_logits(cut.flatten(0, 1)).unflatten(0, cut.shape[:2])

    def cut(self, audio: Tensor, windows: WindowPolicy = "cover") -> Tensor:
        """The windows `[batch, windows, context_samples + window_samples]` of audio `[batch, samples]`."""
        tail = round(SHORTEST_TAIL_SECONDS * self.sample_rate)
        return cut_into_windows(audio, self.window_samples, self.context_samples, windows, tail)

    def train(self, mode: bool = True) -> Self:
        """Stay in evaluation mode whatever `mode` is: batch norms always use the statistics of the training."""
        return super().train(False)


def cut_into_windows(
    audio: Tensor, window: int, context: int = 0, policy: WindowPolicy = "cover", shortest_tail: int = 0
) -> Tensor:
    """Consecutive windows `[batch, windows, context + window]` of audio `[batch, samples]`, one sample at least.

    Each window is preceded by the `context` samples before it (zeros before the start).

    `pad` fills the last window up with zeros, as TagBox does. `cover` fills it with music: audio shorter than a window
    is repeated; what is left over after the last whole window is heard in a window that ends where the audio ends,
    overlapping the one before it. A remainder of up to `shortest_tail` samples is left out.
    """
    samples = audio.shape[-1]
    if policy == "pad":
        audio = F.pad(audio, (0, -samples % window))
    elif samples < window:
        audio = audio.repeat(1, -(-window // samples))[:, :window]
    padded = F.pad(audio, (context, 0))
    whole = padded.unfold(-1, context + window, window)
    if audio.shape[-1] % window <= shortest_tail:
        return whole
    return torch.cat([whole, padded[:, None, -(context + window) :]], dim=1)


def tag_probabilities(logits: Tensor, activation: Activation) -> Tensor:
    """Mean over a tagger's windows of the labels' probabilities: `[batch, windows, labels]` to `[batch, labels]`.

    `activation` is that of the tagger.
    """
    return activation(logits).mean(dim=1)
