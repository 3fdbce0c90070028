"""The front end of CLAP: from waveform to mel bands in decibels, differentiable.

As the feature extractor of transformers does, which computes window by window in NumPy and has no gradient.
"""

from typing import Any

import torch
from torch import Tensor, nn

FLOOR = 1e-10
"""The least power that is told from silence."""


class MelDecibels(nn.Module):
    """Mel bands in decibels `[batch, frames, bands]` of audio `[batch, samples]`; frames are centred on their hops.

    Args:
        extractor: a ClapFeatureExtractor.
    """

    def __init__(self, extractor: Any) -> None:
        super().__init__()
        self.hop = int(extractor.hop_length)
        # These filters are for checkpoints without fusion (`truncation: rand_trunc`).
        self.register_buffer("filters", torch.tensor(extractor.mel_filters_slaney, dtype=torch.float32))
        self.register_buffer("window", torch.hann_window(extractor.fft_window_size))
        self.filters: Tensor
        self.window: Tensor

    def forward(self, audio: Tensor) -> Tensor:
        spectrum = torch.stft(
            audio, len(self.window), self.hop, window=self.window, center=True, pad_mode="reflect", return_complex=True
        )
        power = (spectrum.real.square() + spectrum.imag.square()).mT @ self.filters
        return 10 * power.clamp(min=FLOOR).log10()
