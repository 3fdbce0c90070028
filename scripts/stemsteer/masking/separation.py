"""From a steered signal to a stem: the mask on the original mixture, at its own rate, channels and length."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import soundfile
import torch
from torch import Tensor

from stemsteer.masking.masks import istft, mask, stft
from stemsteer.masking.settings import MaskedSignal, MaskedStem, NoMask, RatioMask, ResidualStem, SteeredStem
from stemsteer.sound import audio
from stemsteer.sound.audio import Signal

BLOCK_SECONDS = 10


@dataclass(frozen=True)
class Signals:
    """The files that a stem is made of, at the mixture's rate, read a piece at a time.

    Attributes:
        mixture: its file, of any number of channels.
        steered: the steered signal, mono or with the mixture's channels, resampled to its rate.
        reconstruction: the codec's of the mixture, mono, resampled too; only where the mask needs it.
    """

    mixture: Path
    steered: Path
    reconstruction: Path | None = None

    @cached_property
    def _header(self) -> Any:
        return soundfile.info(self.mixture)

    @property
    def rate(self) -> int:
        return self._header.samplerate

    @property
    def channels(self) -> int:
        return self._header.channels

    @property
    def samples(self) -> int:
        return self._header.frames

    def read_mixture(self, start: int, stop: int) -> Tensor:
        """Samples of the mixture `[channels, stop - start]`."""
        mixture, _ = soundfile.read(self.mixture, start=start, stop=stop, dtype="float32", always_2d=True)
        return torch.from_numpy(mixture.T.copy())

    def read_steered(self, start: int, stop: int) -> Tensor:
        """Samples of the steered signal `[1 or channels, stop - start]`, zeros past its end."""
        return _read_padded(self.steered, start, stop)

    def read_signal(self, name: MaskedSignal, start: int, stop: int) -> Tensor:
        """Samples `[channels, stop - start]` of the mixture, or `[1, stop - start]` of its reconstruction."""
        if name == "mixture":
            return self.read_mixture(start, stop)
        if self.reconstruction is None:
            raise ValueError("this mask needs the reconstruction of the mixture")
        return _read_padded(self.reconstruction, start, stop)


def _read_padded(path: Path, start: int, stop: int) -> Tensor:
    found, _ = soundfile.read(path, stop - start, start, dtype="float32", always_2d=True, fill_value=0)
    return torch.from_numpy(found.T.copy())


def resample_file(path: Path, target: Path, rate: int) -> None:
    """Write the float32 wav `path` at another rate (Hz), block by block."""
    with soundfile.SoundFile(path) as file:
        own_rate, channels = file.samplerate, file.channels
    with audio.writing(target, rate, channels) as writer:
        for block in audio.resampled(audio.blocks(path), own_rate, rate):
            writer.write(block)


def masked_blocks(
    signals: Signals, mask_settings: RatioMask, stem: MaskedStem, steering_rate: int
) -> Iterator[tuple[Signal, Signal]]:
    """The masked signal and what is left of it, block by block, each `[samples, channels]`.

    The mask is applied to the mixture, so that both parts sum to it, or to its reconstruction (`applied_to`), so that
    they sum to that, on all channels alike. The FFT sizes are those of the steering, at `steering_rate` (Hz): they are
    scaled to the mixture's rate, so that their windows last as long. With several, the masked signals are averaged. All
    channels share the mask, which compares the steered signal with their mean. Above the steered signal's band nothing
    passes.
    """
    sizes = mask_settings.fft_sizes if stem.fft_size == "combined" else [stem.fft_size]
    scaled = [2 * max(1, round(n_fft * signals.rate / steering_rate / 2)) for n_fft in sizes]
    for start, stop in _blocks(signals):
        parts = [_masked_block(signals, mask_settings, start, stop, n_fft, steering_rate / 2) for n_fft in scaled]
        whole = signals.read_signal(mask_settings.applied_to, start, stop).expand(signals.channels, -1)
        masked = torch.stack(parts).mean(dim=0)
        yield masked.T.numpy(), (whole - masked).T.numpy()


def _blocks(signals: Signals) -> Iterator[tuple[int, int]]:
    block = BLOCK_SECONDS * signals.rate
    for start in range(0, signals.samples, block):
        yield start, min(start + block, signals.samples)


def _masked_block(signals: Signals, settings: RatioMask, start: int, stop: int, n_fft: int, band: float) -> Tensor:
    """Samples `start` to `stop` of the masked signal `[channels, samples]`, as if the track were masked at once."""
    hop = n_fft // 2
    # Two hops of context reach every window over the block; a start on the grid of hops gives the same windows.
    first = max(0, (start - n_fft) // hop * hop)
    last = min(signals.samples, stop + n_fft)
    steered, compared, passing = (
        stft(signal, n_fft, settings.edges)
        for signal in (
            signals.read_steered(first, last),
            signals.read_signal(settings.compared_with, first, last).mean(dim=0, keepdim=True),
            signals.read_signal(settings.applied_to, first, last),
        )
    )
    share = mask(steered, compared)
    share[:, torch.arange(share.shape[1]) * signals.rate / n_fft > band] = 0
    block = istft(share * passing, n_fft, last - first)[:, start - first : stop - first]
    return block.expand(signals.channels, -1)


def residual_blocks(
    signals: Signals, mask_settings: RatioMask, stem: ResidualStem, steering_rate: int
) -> Iterator[tuple[Signal, Signal]]:
    """What the mask takes away and what it lets through, as `masked_blocks`."""
    return ((left, passed) for passed, left in masked_blocks(signals, mask_settings, stem, steering_rate))


def steered_blocks(
    signals: Signals, mask_settings: NoMask, stem: SteeredStem, steering_rate: int
) -> Iterator[tuple[Signal, Signal]]:
    """Without a mask: the steered signal, on all channels, and what is left of the mixture, as `masked_blocks`."""
    for start, stop in _blocks(signals):
        mixture = signals.read_mixture(start, stop)
        steered = signals.read_steered(start, stop).expand_as(mixture)
        yield steered.T.numpy(), (mixture - steered).T.numpy()
