"""Small dictionaries of a mixture: each of their components is heard by a mask on the mixture."""

from functools import reduce
from itertools import pairwise

import torch
from torch import Tensor

from stemsteer.generators.components.factorisation import TINY, factorise_in_bands
from stemsteer.generators.components.spectrogram import Spectrogram
from stemsteer.generators.parts import LOW_HZ, Parts, PartsGenerator, Sounds
from stemsteer.generators.settings import ComponentsSettings
from stemsteer.sound.resampling import Resampler

TINY_ENERGY = 1e-20


class Dictionary:
    """The components of one factorisation of a spectrogram.

    Attributes:
        spectrogram: of the mixture.
        factors: of its magnitudes, the channels one above the other.
    """

    def __init__(self, spectrogram: Spectrogram, settings: ComponentsSettings, seed: int) -> None:
        self.spectrogram = spectrogram
        magnitudes = spectrogram.values.abs()
        self.factors = factorise_in_bands(magnitudes, settings.components, seed, settings.iterations)

    def mask(self, gains: Tensor) -> Tensor:
        """Which share of each bin passes at gains `[components]`: `[channels, bins, frames]`."""
        return self.factors.shares(gains).unflatten(0, self.spectrogram.values.shape[:2])

    @property
    def spectra(self) -> Tensor:
        """Of the components, `[channels, bins, components]`."""
        return self.factors.spectra.unflatten(0, self.spectrogram.values.shape[:2])

    def signals(self, heard: Spectrogram) -> Tensor:
        """Each component by itself, the mean of the channels: `[components, samples]`.

        Args:
            heard: the mixture's spectrogram with the same window at a rate that is good enough for who listens.
        """
        spectra = _interpolated(self.spectra, self.spectrogram.frequencies, heard.frequencies)
        activations = _interpolated(self.factors.activations.T, self.spectrogram.times, heard.times).T
        of_all = heard.values / (spectra @ activations + TINY) / len(heard.values)
        # One after the other: all spectrograms at once would need much memory.
        components = zip(spectra.unbind(-1), activations, strict=True)
        parts = (
            ((spectrum[..., None] * activation + TINY / len(activations)) * of_all).sum(0, keepdim=True)
            for spectrum, activation in components
        )
        signals = heard.values.real.new_empty(len(activations), heard.samples)
        for place, part in enumerate(parts):
            signals[place] = heard.signal(part)[0]
        return signals

    def sounds(self) -> Sounds:
        """What each component sounds like."""
        frequencies = self.spectrogram.frequencies
        energies = self.spectra.square().sum(0)
        over_time = self.factors.activations.square()
        percussive = (energies * (self.spectrogram.percussive_mask @ over_time.T)).sum(0)
        all_energy = energies.sum(0).clamp_min(TINY_ENERGY)
        return Sounds(
            centroids=(frequencies.clamp_min(frequencies[1]).log() @ energies / all_energy).exp(),
            percussive=percussive / (all_energy * over_time.sum(1).clamp_min(TINY_ENERGY)),
            low=energies[frequencies < LOW_HZ].sum(0) / all_energy,
        )


def _interpolated(values: Tensor, places: Tensor, wanted: Tensor) -> Tensor:
    """Values `[..., places, components]` at other places, between the nearest two or as the nearest one."""
    step = places[1] - places[0] if len(places) > 1 else places.new_tensor(1.0)
    exact = (wanted / step).clamp(max=len(places) - 1)
    before = exact.floor().long().clamp(max=max(0, len(places) - 2))
    after = (before + 1).clamp(max=len(places) - 1)
    weight = (exact - before)[:, None]
    return values[..., before, :] * (1 - weight) + values[..., after, :] * weight


class Components(Parts):
    """The components of several dictionaries of one mixture."""

    def __init__(self, mixture: Tensor, rate: int, settings: ComponentsSettings, seed: int) -> None:
        """`mixture` is `[channels, samples]` at `rate` Hz."""
        self._mixture, self._rate, self._windows = mixture, rate, settings.windows
        spectrograms = self._spectrograms(rate)
        self._dictionaries = [
            Dictionary(spectrograms[index % len(spectrograms)], settings, seed + index)
            for index in range(settings.dictionaries)
        ]
        ends = range(0, settings.components * (settings.dictionaries + 1), settings.components)
        self.dictionaries = [range(start, stop) for start, stop in pairwise(ends)]

    def _spectrograms(self, rate: int) -> list[Spectrogram]:
        """Of the mixture at a rate (Hz), one for each window."""
        mixture = Resampler(self._rate, rate).to(self._mixture.device)(self._mixture)
        return [Spectrogram(mixture, rate, seconds) for seconds in self._windows]

    def signals(self, rate: int) -> Tensor:
        heard = self._spectrograms(rate)
        numbered = enumerate(self._dictionaries)
        return torch.cat([dictionary.signals(heard[index % len(heard)]) for index, dictionary in numbered])

    def mix(self, gains: Tensor) -> Tensor:
        return torch.stack([self._mixed(of_source) for of_source in gains])

    def _mixed(self, gains: Tensor) -> Tensor:
        """What gains `[parts]` let through: `[channels, samples]`."""
        owned = list(zip(self._dictionaries, self.dictionaries, strict=True))
        mixed: Tensor | float = 0.0
        for spectrogram in dict.fromkeys(dictionary.spectrogram for dictionary in self._dictionaries):
            masks = (d.mask(gains[at.start : at.stop]) for d, at in owned if d.spectrogram is spectrogram)
            mixed = mixed + spectrogram.masked(reduce(Tensor.add_, masks))
        assert isinstance(mixed, Tensor)
        return mixed / len(self.dictionaries)

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
