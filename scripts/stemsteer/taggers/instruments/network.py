"""The network of the taggers of instruments: a small convolutional one."""

import torch
from torch import Tensor, nn

from stemsteer.taggers.instruments.front_end import MELS


def _layer(before: int, after: int, size: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, size, stride, padding=size // 2, bias=False), nn.BatchNorm2d(after), nn.ReLU()
    )


class InstrumentsNetwork(nn.Module):
    """Logits of a window: four layers that halve time and frequency, one over all frequencies, mean and maximum.

    A layer over all frequencies, because where a sound lies tells a bass from a guitar.
    """

    def __init__(self, labels: int, width: int) -> None:
        super().__init__()
        self.bands = nn.Sequential(
            nn.BatchNorm2d(1),
            _layer(1, width, 5, 2),
            _layer(width, 2 * width, 3, 2),
            _layer(2 * width, 4 * width, 3, 2),
            _layer(4 * width, 6 * width, 3, 2),
        )
        frequencies = MELS // 16
        self.moments = nn.Sequential(
            nn.Conv1d(6 * width * frequencies, 10 * width, 1, bias=False), nn.BatchNorm1d(10 * width), nn.ReLU()
        )
        self.dropout = nn.Dropout(0.2)
        self.answer = nn.Linear(20 * width, labels)

    def forward(self, heard: Tensor) -> Tensor:
        """Logits `[windows, labels]` of compressed mel bands `[windows, mels, frames]`."""
        moments = self.moments(self.bands(heard[:, None]).flatten(1, 2))
        pooled = torch.cat([moments.mean(-1), moments.amax(-1)], dim=1)
        logits: Tensor = self.answer(self.dropout(pooled))
        return logits
