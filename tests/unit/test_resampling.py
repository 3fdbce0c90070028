"""The differentiable resampler against tones, soxr and finite differences."""

from functools import cache

import numpy as np
import pytest
import soxr
import torch
from hypothesis import given
from hypothesis import strategies as st

from stemsteer.sound.resampling import Resampler

# A kernel takes longer to make than to use.
resampler = cache(Resampler)


def tone(frequency: float, rate: int, seconds: float = 1.0) -> torch.Tensor:
    return torch.sin(2 * torch.pi * frequency * torch.arange(round(seconds * rate), dtype=torch.float64) / rate)[None]


@pytest.mark.parametrize(("rate_in", "rate_out"), [(44100, 16000), (16000, 44100), (48000, 16000), (44100, 48000)])
@pytest.mark.parametrize("frequency", [50, 1000, 5000])
def test_a_tone_stays_the_same_tone(rate_in: int, rate_out: int, frequency: float) -> None:
    found = resampler(rate_in, rate_out)(tone(frequency, rate_in))
    expected = tone(frequency, rate_out)[:, : found.shape[1]]
    inside = slice(200, expected.shape[1] - 200)
    assert (found[:, inside] - expected[:, inside]).abs().max() < 0.01


def test_what_the_lower_rate_cannot_hold_is_gone() -> None:
    found = resampler(44100, 16000)(tone(12000, 44100))
    assert found[:, 200:-200].abs().max() < 0.01


def test_it_agrees_with_soxr_on_music_like_noise() -> None:
    random = np.random.default_rng(1)
    # White noise below 6 kHz: in the middle of both filters' pass bands.
    noise = soxr.resample(random.standard_normal(12000), 12000, 44100, quality="VHQ")
    found = resampler(44100, 16000)(torch.from_numpy(noise)[None])[0].numpy()
    expected = soxr.resample(noise, 44100, 16000, quality="VHQ")
    error = (found[500:-500] - expected[500 : len(found) - 500]).std() / expected.std()
    assert 20 * np.log10(error) < -40


@given(st.integers(1, 4000), st.sampled_from([(44100, 16000), (16000, 44100), (8000, 16000), (16000, 16000)]))
def test_the_length_is_exact(samples: int, rates: tuple[int, int]) -> None:
    rate_in, rate_out = rates
    assert resampler(rate_in, rate_out)(torch.zeros(2, samples)).shape == (2, -(-samples * rate_out // rate_in))


def test_its_gradient_is_that_of_finite_differences() -> None:
    signal = torch.randn(1, 200, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(resampler(44100, 16000), (signal,))
