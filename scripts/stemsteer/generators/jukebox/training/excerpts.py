"""Random excerpts of music, for the training of a codec."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from stemsteer.generators.jukebox.training.settings import CodecTrainingSettings


def excerpts(
    music: list[NDArray[np.int16]], settings: CodecTrainingSettings, random: np.random.Generator
) -> Iterator[Tensor]:
    """Endless batches `[batch, samples]` of random excerpts at random levels (0 to -12 dB) and polarity."""
    lengths = np.array([len(piece) for piece in music], dtype=float)
    while True:
        pieces = random.choice(len(music), size=settings.batch, p=lengths / lengths.sum())
        starts = [int(random.integers(len(music[piece]) - settings.samples)) for piece in pieces]
        batch = np.stack([music[p][s : s + settings.samples] for p, s in zip(pieces, starts, strict=True)])
        gains = 10 ** (-random.uniform(0, 12, size=(settings.batch, 1)) / 20)
        signs = random.choice([-1, 1], size=(settings.batch, 1))
        yield torch.from_numpy((batch / 32768 * gains * signs).astype(np.float32))
