"""Components: against scikit-learn's factorisation, on sounds whose parts are known, and on any mixture at all."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from librosa.decompose import hpss
from sklearn.decomposition import non_negative_factorization
from torch import Tensor

from stemsteer.generators.components.bands import WIDTH, bands_of, in_bands
from stemsteer.generators.components.components import Components, ComponentsGenerator, make_components
from stemsteer.generators.components.factorisation import Factors, factorise, factorise_in_bands
from stemsteer.generators.components.spectrogram import (
    HARMONIC_SECONDS,
    PERCUSSIVE_HZ,
    Spectrogram,
    window_samples,
)
from stemsteer.generators.settings import ComponentsSettings
from stemsteer.sound.resampling import Resampler

RATE = 16_000


def settings(**changes: object) -> ComponentsSettings:
    """Of small dictionaries that are soon made."""
    return ComponentsSettings.model_validate({"dictionaries": 2, "components": 3, "iterations": 5, **changes})


def noise(*shape: int, seed: int = 1) -> Tensor:
    return 0.1 * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def tone(frequency: float, seconds: float = 1.0, rate: int = RATE) -> Tensor:
    """`[samples]`."""
    return 0.3 * torch.sin(2 * torch.pi * frequency * torch.arange(round(seconds * rate)) / rate)


def swells(per_second: float, seconds: float = 1.0) -> Tensor:
    """An envelope `[samples]` between 0 and 1, without any edges: those would be sounds of their own."""
    time = torch.arange(round(seconds * RATE)) / RATE
    return 0.5 - 0.5 * torch.cos(2 * torch.pi * per_second * time)


def level_db(signal: Tensor) -> float:
    return float(10 * torch.log10(signal.square().mean() + 1e-20))


def divergence(magnitudes: Tensor, factors: Factors) -> float:
    """Kullback and Leibler's, generalised to what does not sum to 1."""
    product = factors.product()
    return float((magnitudes * (magnitudes / product).log() - magnitudes + product).sum())


# Factorisation


@pytest.mark.parametrize("iterations", [1, 20])
def test_the_updates_are_scikit_learns(iterations: int) -> None:
    """Which updates the first factor first, so that its matrix is ours on its side."""
    magnitudes = noise(30, 40).abs().double()
    begun = factorise(magnitudes, components=4, seed=3, iterations=0)
    found = factorise(magnitudes, components=4, seed=3, iterations=iterations)
    activations, spectra, _ = non_negative_factorization(
        magnitudes.T.numpy(),
        begun.activations.T.numpy().copy(),
        begun.spectra.T.numpy().copy(),
        n_components=4,
        init="custom",
        solver="mu",
        beta_loss="kullback-leibler",
        tol=0,
        max_iter=iterations,
    )
    np.testing.assert_allclose(found.activations.T, activations, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(found.spectra.T, spectra, rtol=1e-5, atol=1e-7)


@given(bins=st.integers(1, 20), frames=st.integers(1, 20), components=st.integers(2, 6), seed=st.integers(0, 2**63 - 1))
@examples(max_examples=20)
def test_the_divergence_never_rises(bins: int, frames: int, components: int, seed: int) -> None:
    magnitudes = noise(bins, frames, seed=seed).abs().double() + 1e-3
    divergences = [divergence(magnitudes, factorise(magnitudes, components, seed, n)) for n in range(8)]
    assert all(later <= earlier + 1e-9 for earlier, later in pairwise(divergences))


def test_two_spectra_that_take_turns_are_found() -> None:
    spectra = torch.tensor([[1.0, 0.0], [0.5, 0.1], [0.0, 1.0], [0.2, 0.0], [0.0, 0.7]]).double()
    activations = torch.tensor([[1.0, 0.0, 0.5, 0.0, 2.0, 0.1], [0.0, 1.0, 0.5, 3.0, 0.0, 0.9]]).double()
    found = factorise(spectra @ activations, components=2, seed=0, iterations=3000)
    torch.testing.assert_close(found.product(), spectra @ activations, rtol=0, atol=2e-3)
    cosines = torch.nn.functional.normalize(found.spectra, dim=0).T @ torch.nn.functional.normalize(spectra, dim=0)
    assert sorted(cosines.argmax(dim=0).tolist()) == [0, 1]
    assert (cosines.max(dim=0).values > 0.999).all()


# Parts of a mixture


@given(
    samples=st.one_of(st.integers(1, 50), st.integers(51, 6000)),
    rate=st.sampled_from([8000, 11_025, 16_000, 44_100, 48_000, 96_000]),
    channels=st.integers(1, 3),
    silent=st.booleans(),
    seed=st.integers(0, 2**62),
)
@examples(max_examples=25)
def test_parts_sum_to_the_mixture(samples: int, rate: int, channels: int, silent: bool, seed: int) -> None:
    mixture = torch.zeros(channels, samples) if silent else noise(channels, samples, seed=seed)
    parts = Components(mixture, rate, settings(), seed)
    assert (parts.number, parts.dictionaries) == (6, [range(3), range(3, 6)])
    signals = parts.signals(rate)
    assert signals.shape == (6, samples)
    for dictionary in parts.dictionaries:
        torch.testing.assert_close(signals[list(dictionary)].sum(0), mixture.mean(0), rtol=0, atol=1e-5)
    torch.testing.assert_close(parts.mix(torch.ones(1, 6))[0], mixture, rtol=0, atol=1e-5)
    gains = torch.rand(4, 6, generator=torch.Generator().manual_seed(seed))
    shared_out = parts.mix(gains / gains.sum(0))
    assert shared_out.shape == (4, channels, samples)
    torch.testing.assert_close(shared_out.sum(0), mixture, rtol=0, atol=1e-5)
    sounds = parts.sounds()
    for share in (sounds.percussive, sounds.low, sounds.centroids / (rate / 2)):
        assert share.shape == (6,)
        assert ((share >= 0) & (share <= 1 + 1e-5)).all()


def test_nothing_passes_at_gains_of_zero() -> None:
    parts = Components(noise(2, 5000), RATE, settings(), 0)
    assert not parts.mix(torch.zeros(1, 6)).any()


def test_what_is_mixed_is_the_mean_over_the_dictionaries() -> None:
    """Of which each is heard by itself at gains of zero for the other."""
    parts = Components(noise(1, 5000), RATE, settings(), 0)
    gains = torch.rand(1, 6, generator=torch.Generator().manual_seed(2))
    expected = gains @ parts.signals(RATE) / 2
    torch.testing.assert_close(parts.mix(gains)[:, 0], expected, rtol=0, atol=1e-6)


def test_one_seed_gives_the_same_bytes_and_another_one_others() -> None:
    mixture = noise(2, 5000)
    first, again, other = (Components(mixture, RATE, settings(), seed).signals(RATE) for seed in (7, 7, 8))
    assert first.numpy().tobytes() == again.numpy().tobytes()
    assert not torch.equal(first, other)


def test_each_dictionary_has_its_own_beginning_and_takes_its_turn_of_the_windows() -> None:
    parts = Components(noise(1, 5000), RATE, settings(dictionaries=3, windows=[0.02, 0.04]), 0)
    first, second, third = (parts.signals(RATE)[list(places)] for places in parts.dictionaries)
    assert not torch.equal(first, third)
    sizes = [dictionary.spectrogram.n_fft for dictionary in parts._dictionaries]
    assert sizes == [320, 640, 320]
    assert len(first) == len(second) == 3


def test_a_component_has_a_place_in_the_stereo_picture() -> None:
    """The same note on the left and on the right, which only the channels tell apart."""
    left, right = tone(440) * swells(3), tone(440) * swells(4)
    mixture = torch.stack([left, right])
    parts = Components(mixture, RATE, settings(dictionaries=1, components=2, iterations=200), 0)
    for stem in parts.mix(torch.eye(2)):
        assert abs(level_db(stem[0]) - level_db(stem[1])) > 25
    assert {int(stem.square().sum(1).argmax()) for stem in parts.mix(torch.eye(2))} == {0, 1}


def test_two_notes_that_take_turns_are_taken_apart() -> None:
    low, high = tone(300) * swells(3), tone(2500) * swells(4)
    parts = Components((low + high)[None], RATE, settings(dictionaries=1, components=2, iterations=200), 0)
    found = parts.signals(RATE)
    for note in (low, high):
        assert min(level_db(part - note) - level_db(note) for part in found) < -25


def test_what_parts_sound_like() -> None:
    """A deep note, two high ones, and clicks."""
    clicks = torch.zeros(2 * RATE)
    clicks[RATE // 8 :: RATE // 4] = 1
    notes = tone(1400, 2) * swells(1.3, 2) + tone(1600, 2) * swells(1, 2)
    signals = [tone(80, 2) * swells(1, 2), notes, clicks]
    deep, high, short = (Components(s[None], RATE, settings(components=2, iterations=30), 0).sounds() for s in signals)
    assert (deep.low > 0.9).all()
    assert (high.low < 0.1).all()
    assert (short.percussive > 0.9).all()
    assert (high.percussive < 0.05).all()
    assert (deep.percussive < 0.05).all()
    assert high.centroids.tolist() == pytest.approx([1500] * 4, rel=0.2)


def test_a_spectrogram_becomes_the_signal_that_it_was_made_of() -> None:
    mixture = noise(2, 1234)
    spectrogram = Spectrogram(mixture, RATE, 0.016)
    assert spectrogram.n_fft == 256
    torch.testing.assert_close(spectrogram.signal(spectrogram.values), mixture, rtol=0, atol=1e-6)
    together = torch.cat([spectrogram.values, 2 * spectrogram.values])
    torch.testing.assert_close(spectrogram.signal(together)[2:], 2 * mixture, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("seconds", "rate", "samples"), [(0.046, 44_100, 2048), (0.093, 44_100, 4096), (0.046, 96_000, 4500), (1e-9, 1, 8)]
)
def test_windows_have_a_fast_transform(seconds: float, rate: int, samples: int) -> None:
    """The nearest multiple of 4 x 2^a x 3^b x 5^c."""
    assert window_samples(seconds, rate) == samples


def test_percussive_bins_are_librosas() -> None:
    spectrogram = Spectrogram(noise(2, 2 * RATE), RATE, 0.046)
    magnitudes = spectrogram.values.abs().mean(0).numpy()
    frames = round(HARMONIC_SECONDS * RATE / spectrogram.hop)
    bins = round(PERCUSSIVE_HZ * spectrogram.n_fft / RATE)
    expected = hpss(magnitudes, kernel_size=(frames, bins), mask=True)[1]
    np.testing.assert_allclose(spectrogram.percussive_mask, expected, atol=1e-6)


def test_frames_and_bins_are_where_they_say() -> None:
    """A tone and a click."""
    click = torch.zeros(RATE)
    click[RATE // 2] = 1
    heard = Spectrogram(torch.stack([tone(1000), click]), RATE, 0.046)
    powers = heard.values.abs().square()
    assert float(heard.frequencies[powers[0].sum(1).argmax()]) == pytest.approx(1000, abs=RATE / heard.n_fft)
    assert float(heard.times[powers[1].sum(0).argmax()]) == pytest.approx(0.5, abs=heard.hop / RATE)


# Bands


@given(bins=st.integers(1, 5000))
@examples(max_examples=30)
def test_each_bin_is_in_one_band_and_no_band_is_wide(bins: int) -> None:
    bands = bands_of(bins)
    steps = bands.diff()
    assert ((steps == 0) | (steps == 1)).all()
    assert len(bands) == bins
    first = torch.tensor([int((bands == band).nonzero()[0]) for band in range(int(bands[-1]) + 1)])
    widths = torch.bincount(bands)
    assert (widths <= (WIDTH * first).ceil().clamp_min(1)).all()


def test_bands_are_sums() -> None:
    magnitudes = noise(2, 500, 7).abs()
    found = in_bands(magnitudes, bands_of(500))
    torch.testing.assert_close(found.sum(1), magnitudes.sum(1))
    torch.testing.assert_close(found[:, :50], magnitudes[:, :50])
    assert found.shape[1] < 250


def test_factors_in_bands_have_the_detail_of_bins() -> None:
    """Two spectra that no band could tell from others, each with its own rhythm, on two channels."""
    spectra = noise(2 * 400, 2, seed=5).abs() + 1e-3
    magnitudes = (spectra @ (noise(2, 60, seed=6).abs() + 1e-3)).unflatten(0, (2, 400))
    found = factorise_in_bands(magnitudes, 2, seed=0, iterations=1000)
    assert level_db(found.product() - magnitudes.flatten(0, 1)) < level_db(magnitudes) - 30


# Other rates


@pytest.mark.parametrize("rate", [8000, 16_000, 44_100])
def test_parts_at_a_listeners_rate_are_those_at_their_own(rate: int) -> None:
    """Two notes below half of the lowest rate."""
    mixture = (tone(300, rate=32_000) + tone(2500, rate=32_000))[None]
    parts = Components(mixture, 32_000, settings(dictionaries=1, components=2, iterations=100), 0)
    own, heard = parts.signals(32_000), parts.signals(rate)
    expected = Resampler(32_000, rate)(own)
    assert heard.shape == expected.shape
    inner = slice(rate // 10, -rate // 10)
    for one, other in zip(heard, expected, strict=True):
        assert level_db((one - other)[inner]) < level_db(other[inner]) - 20


# As a generator


def test_the_generator_takes_any_rate_and_says_nothing_of_weights() -> None:
    generator = make_components(settings(), None)
    assert isinstance(generator, ComponentsGenerator)
    for rate in (8000, 44_100, 96_000):
        generator.check_rate(rate)
    assert generator.state_dict() == {}
    assert generator.take_apart(noise(2, 900), 8000, 0).number == 6


def test_gains_can_be_steered_by_gradient() -> None:
    """All parts are heard at first; gains have a gradient, and are held between 0 and 1."""
    mixtures = noise(2, 3000)
    latents = make_components(settings(), None).begin(mixtures, [3, 4])
    torch.testing.assert_close(latents.decode(), mixtures, rtol=0, atol=1e-5)
    torch.testing.assert_close(latents.unsteered(), mixtures)
    (gradient,) = torch.autograd.grad(latents.decode()[0].square().sum(), latents.latents[0])
    assert (gradient > 0).all()
    with torch.no_grad():
        latents.latents[1].fill_(7)
    torch.testing.assert_close(latents.decode()[1], mixtures[1], rtol=0, atol=1e-5)
