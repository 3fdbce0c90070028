"""The mask's physics: what passes, what does not, and that nothing is lost."""

import librosa
import numpy as np
import pytest
import scipy.signal
import torch
from hypothesis import given
from hypothesis import strategies as st

from stemsteer.errors import UserError
from stemsteer.masking.masks import Edges, istft, mask, masked, stft

RATE = 44100


def masked_by(steered: torch.Tensor, mixture: torch.Tensor, n_fft: int, edges: Edges = "zeros") -> torch.Tensor:
    """Algorithm 1's mask: compared with the mixture and applied to it."""
    spectrogram = stft(mixture, n_fft, edges)
    return masked(steered, spectrogram, spectrogram, n_fft, edges)


def tone(frequency: float, samples: int = RATE) -> torch.Tensor:
    return torch.sin(2 * torch.pi * frequency * torch.arange(samples, dtype=torch.float64) / RATE)[None]


@given(st.integers(1, 5000), st.sampled_from([64, 512, 1024]), st.integers(0, 2**31))
def test_the_inverse_gives_the_signal_back(samples: int, n_fft: int, seed: int) -> None:
    signal = torch.randn(1, samples, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    torch.testing.assert_close(istft(stft(signal, n_fft), n_fft, samples), signal, atol=1e-9, rtol=0)


def test_the_spectrogram_is_scipys() -> None:
    signal = torch.randn(1, 4096, dtype=torch.float64)
    window = np.sqrt(scipy.signal.get_window("hann", 512))
    transform = scipy.signal.ShortTimeFFT(window, hop=256, fs=1, fft_mode="onesided")
    # Scipy counts time from the first sample of a window's middle, we from the window's middle at sample 0.
    expected = transform.stft(signal[0].numpy())[:, -transform.p_min :][:, :17]
    found = stft(signal, 512)[0].numpy()
    np.testing.assert_allclose(np.abs(found), np.abs(expected), atol=1e-9)


def test_a_louder_steered_signal_lets_the_mixture_pass() -> None:
    mixture = torch.randn(1, RATE, dtype=torch.float64)
    torch.testing.assert_close(masked_by(3 * mixture, mixture, 1024), mixture, atol=1e-6, rtol=0)


def test_silence_lets_nothing_pass() -> None:
    mixture = torch.randn(1, RATE, dtype=torch.float64)
    assert masked_by(torch.zeros_like(mixture), mixture, 1024).abs().max() == 0


def test_a_tone_is_taken_out_of_two() -> None:
    low, high = tone(440), tone(5000)
    found = masked_by(low, low + high, 2048)
    inside = slice(4096, RATE - 4096)
    error = (found - low)[:, inside].square().mean() / low[:, inside].square().mean()
    assert 10 * torch.log10(error) < -40


def test_a_quieter_steered_signal_sets_the_level() -> None:
    mixture = torch.randn(1, RATE, dtype=torch.float64)
    found = masked_by(mixture / 4, mixture, 512)
    torch.testing.assert_close(found, mixture / 4, atol=1e-6, rtol=0)


@given(st.integers(1, 2000), st.integers(0, 2**31))
def test_silence_after_the_end_changes_nothing(samples: int, seed: int) -> None:
    random = torch.Generator().manual_seed(seed)
    steered, mixture = (torch.randn(1, samples, dtype=torch.float64, generator=random) for _ in range(2))
    longer, longer_mixture = (torch.nn.functional.pad(signal, (0, 3000)) for signal in (steered, mixture))
    found = masked_by(steered, mixture, 512)
    expected = masked_by(longer, longer_mixture, 512)[:, :samples]
    torch.testing.assert_close(found, expected, atol=1e-9, rtol=0)


@given(st.integers(0, 2**31))
def test_the_mask_lies_between_nothing_and_all(seed: int) -> None:
    random = torch.Generator().manual_seed(seed)
    one, other = (torch.randn(5, 7, dtype=torch.complex128, generator=random) for _ in range(2))
    found = mask(one, other)
    assert found.min() >= 0
    assert found.max() <= 1


@pytest.mark.parametrize("n_fft", [512, 2048])
def test_the_gradient_is_finite_where_the_steered_signal_is_silent(n_fft: int) -> None:
    steered = torch.zeros(1, 8000, requires_grad=True)
    masked_by(steered, torch.randn(1, 8000), n_fft).square().sum().backward()
    assert steered.grad is not None
    assert steered.grad.isfinite().all()


def test_the_codecs_own_error_does_not_count_where_the_mask_is_compared_with_the_reconstruction() -> None:
    """A codec that makes everything quieter, steered nowhere: against the mixture it attenuates, against itself not."""
    mixture = torch.randn(1, RATE, dtype=torch.float64)
    reconstruction = mixture / 2
    of_mixture, of_reconstruction = stft(mixture, 512), stft(reconstruction, 512)
    against_mixture = masked(reconstruction, of_mixture, of_mixture, 512)
    against_itself = masked(reconstruction, of_reconstruction, of_mixture, 512)
    torch.testing.assert_close(against_mixture, mixture / 2, atol=1e-6, rtol=0)
    torch.testing.assert_close(against_itself, mixture, atol=1e-5, rtol=0)


@given(st.integers(0, 3000), st.sampled_from([64, 512]), st.integers(0, 2**31))
def test_mirrored_edges_lose_nothing_either(more: int, n_fft: int, seed: int) -> None:
    samples = n_fft // 2 + 1 + more
    signal = torch.randn(1, samples, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    found = istft(stft(signal, n_fft, "reflect"), n_fft, samples)
    torch.testing.assert_close(found, signal, atol=1e-6, rtol=0)


def test_mirrored_edges_are_librosas() -> None:
    signal = np.random.default_rng(3).standard_normal(5000)
    window = np.sqrt(scipy.signal.get_window("hann", 512))
    expected = librosa.stft(signal, n_fft=512, hop_length=256, window=window, pad_mode="reflect")
    found = stft(torch.from_numpy(signal)[None], 512, "reflect")[0].numpy()
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_signal_too_short_to_be_mirrored_is_told() -> None:
    with pytest.raises(UserError, match=r"reflect needs more than 256 samples .* there are 256: set mask.edges: zeros"):
        stft(torch.zeros(1, 256), 512, "reflect")
