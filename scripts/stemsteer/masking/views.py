"""What the taggers hear of a steered signal: its views, one for each FFT size of the mask, or the signal itself."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from stemsteer.masking.masks import masked, stft
from stemsteer.masking.settings import NoMask, RatioMask


class Views(ABC):
    """From steered signals to what is heard of them, for mixtures of one length.

    Attributes:
        whole: `[batch, samples]`, of which each view is a part.
    """

    whole: Tensor

    @abstractmethod
    def __call__(self, steered: Tensor) -> Tensor:
        """The views `[views, batch, samples]` of steered signals `[batch, samples]`."""


class MaskedViews(Views):
    """What a mask lets through, at each FFT size."""

    def __init__(self, settings: RatioMask, mixtures: Tensor, unsteered: Callable[[], Tensor]) -> None:
        signals = {"mixture": mixtures}
        if settings.needs_reconstruction:
            signals["reconstruction"] = unsteered()
        self.whole = signals[settings.applied_to]
        self._masks: list[Callable[[Tensor], Tensor]] = []
        for n_fft in settings.fft_sizes:
            spectrograms = {name: stft(signal, n_fft, settings.edges) for name, signal in signals.items()}
            compared, passing = spectrograms[settings.compared_with], spectrograms[settings.applied_to]
            self._masks.append(partial(masked, compared=compared, passing=passing, n_fft=n_fft, edges=settings.edges))

    def __call__(self, steered: Tensor) -> Tensor:
        return torch.stack([mask(steered) for mask in self._masks])


class SteeredView(Views):
    """The steered signal itself."""

    def __init__(self, settings: NoMask, mixtures: Tensor, unsteered: Callable[[], Tensor]) -> None:
        self.whole = mixtures

    def __call__(self, steered: Tensor) -> Tensor:
        return steered[None]
