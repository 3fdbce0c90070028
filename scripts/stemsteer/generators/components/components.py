"""Small dictionaries of a mixture: each of their components is heard by a mask on the mixture."""

from functools import cached_property
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn import functional as F

from stemsteer.generators.components.factorisation import Factors, factorise
from stemsteer.generators.parts import LOW_HZ, Parts, PartsGenerator, Sounds
from stemsteer.generators.settings import ComponentsSettings

TINY_ENERGY = 1e-20

HARMONIC_SECONDS, PERCUSSIVE_HZ = 0.4, 270.0
"""Over which the median filters reach that tell long and narrow sounds from short and broad ones."""


class Spectrogram:
    """A mixture's complex spectrogram at one window length.

    Attributes:
        values: `[channels, bins, frames]`.
    """

    def __init__(self, mixture: Tensor, rate: int, n_fft: int) -> None:
        """`mixture` is `[channels, samples]` at `rate` Hz; `n_fft` is in samples."""
        self.rate, self.n_fft, self.samples = rate, n_fft, mixture.shape[-1]
        self.window = torch.hann_window(n_fft, dtype=mixture.dtype, device=mixture.device)
        self.values = torch.stft(
            mixture, n_fft, n_fft // 4, window=self.window, pad_mode="constant", return_complex=True
        )

    def signal(self, values: Tensor) -> Tensor:
        """The signal `[..., samples]` of spectrograms `[..., bins, frames]`."""
        flat = values.flatten(0, -3) if values.dim() > 3 else values
        signals = torch.istft(flat, self.n_fft, self.n_fft // 4, window=self.window, length=self.samples)
        return signals.unflatten(0, values.shape[:-2]) if values.dim() > 3 else signals

    @cached_property
    def stacked(self) -> Tensor:
        """The magnitudes of all channels, one above the other: `[channels * bins, frames]`.

        So a component has a spectrum of its own on each channel, and with it a place in the stereo picture.
        """
        return self.values.abs().flatten(0, 1)

    @cached_property
    def percussive_mask(self) -> Tensor:
        """Which share of each bin is percussive, by median filters (Fitzgerald, DAFx 2010): `[bins, frames]`."""
        from librosa.decompose import hpss

        magnitudes = self.values.abs().mean(0)
        frames = max(3, round(HARMONIC_SECONDS * self.rate / (self.n_fft / 4)))
        bins = max(3, round(PERCUSSIVE_HZ * self.n_fft / self.rate))
        # scipy's median filter reads beyond signals that are much shorter than itself.
        missing = max(0, frames - magnitudes.shape[1]), max(0, bins - magnitudes.shape[0])
        padded = F.pad(magnitudes, (0, missing[0], 0, missing[1])).cpu().numpy()
        mask = hpss(padded, kernel_size=(frames, bins), mask=True)[1]
        return torch.from_numpy(mask[: magnitudes.shape[0], : magnitudes.shape[1]]).to(magnitudes)


class Dictionary:
    """The components of one factorisation of a spectrogram."""

    def __init__(self, spectrogram: Spectrogram, factors: Factors) -> None:
        self.spectrogram, self.factors = spectrogram, factors

    def masked(self, gains: Tensor) -> Tensor:
        """What gains `[sources, components]` let through: `[sources, channels, bins, frames]`."""
        values = self.spectrogram.values
        return self.factors.shares(gains).unflatten(-2, values.shape[:2]) * values

    def signals(self) -> Tensor:
        """Each component by itself, the mean of its channels: `[components, samples]`.

        One after the other, because all spectrograms at once would need much memory.
        """
        single = torch.eye(self.factors.spectra.shape[1]).to(self.factors.spectra)
        return torch.cat([self.spectrogram.signal(self.masked(gains[None]).mean(1)) for gains in single])

    def sounds(self) -> Sounds:
        """What each component sounds like."""
        channels, bins = self.spectrogram.values.shape[:2]
        spectra = self.factors.spectra.unflatten(0, (channels, bins))
        frequencies = torch.linspace(0, self.spectrogram.rate / 2, bins).to(spectra)
        energies = spectra.square().sum(0)
        over_time = self.factors.activations.square()
        percussive = (energies * (self.spectrogram.percussive_mask @ over_time.T)).sum(0)
        all_energy = energies.sum(0).clamp_min(TINY_ENERGY)
        return Sounds(
            centroids=(frequencies.clamp_min(frequencies[1]).log() @ energies / all_energy).exp(),
            percussive=percussive / (all_energy * over_time.sum(1).clamp_min(TINY_ENERGY)),
            low=energies[frequencies < LOW_HZ].sum(0) / all_energy,
        )


class Components(Parts):
    """The components of several dictionaries of one mixture."""

    def __init__(self, mixture: Tensor, rate: int, settings: ComponentsSettings, seed: int) -> None:
        """`mixture` is `[channels, samples]` at `rate` Hz."""
        sizes = [2 * round(seconds * rate / 2) for seconds in settings.windows]
        spectrograms = [Spectrogram(mixture, rate, max(n_fft, 8)) for n_fft in sizes]
        self._dictionaries = [
            self._dictionary(spectrograms[index % len(spectrograms)], settings, seed + index)
            for index in range(settings.dictionaries)
        ]
        ends = range(0, settings.components * (settings.dictionaries + 1), settings.components)
        self.dictionaries = [range(start, stop) for start, stop in pairwise(ends)]

    def _dictionary(self, spectrogram: Spectrogram, settings: ComponentsSettings, seed: int) -> Dictionary:
        factors = factorise(spectrogram.stacked, settings.components, seed, settings.iterations)
        return Dictionary(spectrogram, factors)

    def signals(self) -> Tensor:
        return torch.cat([dictionary.signals() for dictionary in self._dictionaries])

    def mix(self, gains: Tensor) -> Tensor:
        mixed: Tensor | float = 0.0
        for dictionary, places in zip(self._dictionaries, self.dictionaries, strict=True):
            own = gains[:, places.start : places.stop]
            mixed = mixed + dictionary.spectrogram.signal(dictionary.masked(own)) / len(self.dictionaries)
        assert isinstance(mixed, Tensor)
        return mixed

    def sounds(self) -> Sounds:
        heard = [dictionary.sounds() for dictionary in self._dictionaries]
        return Sounds(
            torch.cat([sounds.centroids for sounds in heard]),
            torch.cat([sounds.percussive for sounds in heard]),
            torch.cat([sounds.low for sounds in heard]),
        )


class ComponentsGenerator(PartsGenerator):
    """Makes small dictionaries of a mixture; it has no weights."""

    sample_rate = 44100
    fingerprint = "none: components are made of the mixture"
    licence = "MIT"

    def __init__(self, settings: ComponentsSettings) -> None:
        super().__init__()
        self.settings = settings

    def take_apart(self, mixture: Tensor, rate: int, seed: int) -> Components:
        return Components(mixture, rate, self.settings, seed)


def make_components(settings: ComponentsSettings, codec: None) -> ComponentsGenerator:
    """The generator of a run's settings."""
    return ComponentsGenerator(settings)
