"""From a steered signal to a stem: the mask on the original mixture, at its own rate, channels and length."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
from torch import Tensor

from stemsteer import audio
from stemsteer.audio import Signal
from stemsteer.masks import istft, mask, stft

BLOCK_SECONDS = 10


@dataclass(frozen=True)
class Mixture:
    """A mixture's file and the steered signal resampled to its rate, both read a piece at a time."""

    path: Path
    steered: Path

    @cached_property
    def _header(self) -> Any:
        return soundfile.info(self.path)

    @property
    def rate(self) -> int:
        return self._header.samplerate

    @property
    def channels(self) -> int:
        return self._header.channels

    @property
    def samples(self) -> int:
        return self._header.frames

    def read(self, start: int, stop: int) -> tuple[Tensor, Tensor]:
        """The mixture `[channels, stop - start]` and the steered signal `[1, stop - start]` (zeros past its end)."""
        mixture, _ = soundfile.read(self.path, start=start, stop=stop, dtype="float32", always_2d=True)
        steered = np.zeros((stop - start, 1), np.float32)
        found, _ = soundfile.read(self.steered, start=start, stop=stop, dtype="float32", always_2d=True)
        steered[: len(found)] = found
        return torch.from_numpy(mixture.T.copy()), torch.from_numpy(steered.T.copy())


def resample_file(path: Path, target: Path, rate: int) -> None:
    """Write the float32 wav `path` at another rate (Hz), block by block."""
    with soundfile.SoundFile(path) as file:
        own_rate, channels = file.samplerate, file.channels
    with audio.writing(target, rate, channels) as writer:
        for block in audio.resampled(audio.blocks(path), own_rate, rate):
            writer.write(block)


def masked_blocks(mixture: Mixture, fft_sizes: Sequence[int], model_rate: int) -> Iterator[tuple[Signal, Signal]]:
    """The masked mixture and what is left of it, block by block, each `[samples, channels]`.

    The FFT sizes are those of the ascent, at `model_rate` (Hz): they are scaled to the mixture's rate, so that their
    windows last as long. With several, the masked signals are averaged. All channels share the mask that the steered
    signal makes of their mean. Above the steered signal's band nothing passes.
    """
    scaled = [2 * max(1, round(n_fft * mixture.rate / model_rate / 2)) for n_fft in fft_sizes]
    samples = mixture.samples
    for start in range(0, samples, BLOCK_SECONDS * mixture.rate):
        stop = min(start + BLOCK_SECONDS * mixture.rate, samples)
        parts = [_masked_block(mixture, start, stop, n_fft, model_rate / 2) for n_fft in scaled]
        original = mixture.read(start, stop)[0]
        masked = torch.stack(parts).mean(dim=0)
        yield masked.T.numpy(), (original - masked).T.numpy()


def _masked_block(mixture: Mixture, start: int, stop: int, n_fft: int, band: float) -> Tensor:
    """Samples `start` to `stop` of the masked mixture `[channels, samples]`, as if the track were masked at once."""
    hop = n_fft // 2
    # Two hops of context reach every window over the block; a start on the grid of hops gives the same windows.
    first = max(0, (start - n_fft) // hop * hop)
    last = min(mixture.samples, stop + n_fft)
    channels, steered = mixture.read(first, last)
    passing = mask(stft(steered, n_fft), stft(channels.mean(dim=0, keepdim=True), n_fft))
    passing[:, torch.arange(passing.shape[1]) * mixture.rate / n_fft > band] = 0
    return istft(passing * stft(channels, n_fft), n_fft, last - first)[:, start - first : stop - first]


def steered_blocks(mixture: Mixture) -> Iterator[tuple[Signal, Signal]]:
    """Without a mask: the steered signal on all channels and what is left of the mixture, as `masked_blocks`."""
    for start in range(0, mixture.samples, BLOCK_SECONDS * mixture.rate):
        stop = min(start + BLOCK_SECONDS * mixture.rate, mixture.samples)
        original, steered = mixture.read(start, stop)
        yield steered.expand_as(original).T.numpy(), (original - steered).T.numpy()
