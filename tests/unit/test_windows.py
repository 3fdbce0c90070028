"""How audio is cut into the windows that taggers hear, against NumPy and by what reaches each sample."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from stemsteer.taggers import base
from stemsteer.taggers.base import Tagger, WindowPolicy

SHORTEST_TAIL = 512
"""Samples, at the rate of 16 kHz that most taggers have."""
WINDOW = SHORTEST_TAIL + 88
samples_of_audio = st.integers(1, 5 * WINDOW)
windows_and_contexts = {"window": st.integers(SHORTEST_TAIL + 1, 2000), "context": st.integers(0, 300)}
policies = pytest.mark.parametrize("policy", ["cover", "pad"])


def cut_into_windows(audio: Tensor, window: int, context: int = 0, policy: WindowPolicy = "cover") -> Tensor:
    return base.cut_into_windows(audio, window, context, policy, SHORTEST_TAIL)


def counting(samples: int, batch: int = 1) -> Tensor:
    """Audio whose every sample is another number, none of them 0: `[batch, samples]`."""
    return torch.arange(1, batch * samples + 1, dtype=torch.float64).reshape(batch, samples)


def times_heard(samples: int, window: int, policy: WindowPolicy, context: int = 0) -> Tensor:
    """In how many windows' samples each sample of the audio is: the gradient of their sum."""
    audio = counting(samples).requires_grad_()
    (gradient,) = torch.autograd.grad(cut_into_windows(audio, window, context, policy).sum(), audio)
    return gradient[0]


def test_audio_shorter_than_a_window_is_repeated() -> None:
    audio = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    expected = [[[1, 2, 3, 1, 2, 3, 1, 2]], [[4, 5, 6, 4, 5, 6, 4, 5]]]
    assert cut_into_windows(audio, 8).tolist() == expected


def test_or_padded_with_zeros() -> None:
    audio = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    expected = [[[1, 2, 3, 0, 0, 0, 0, 0]], [[4, 5, 6, 0, 0, 0, 0, 0]]]
    assert cut_into_windows(audio, 8, policy="pad").tolist() == expected


@policies
def test_what_lies_before_a_short_start_is_silence(policy: WindowPolicy) -> None:
    window = cut_into_windows(torch.tensor([[1.0, 2.0, 3.0]]), 5, context=2, policy=policy)
    assert window[0, 0].tolist() == [0, 0, 1, 2, 3, *([1, 2] if policy == "cover" else [0, 0])]


@policies
@pytest.mark.parametrize("whole", [1, 3])
def test_whole_windows_are_heard_once_each(whole: int, policy: WindowPolicy) -> None:
    audio = counting(whole * WINDOW, batch=2)
    assert torch.equal(cut_into_windows(audio, WINDOW, policy=policy), audio.reshape(2, whole, WINDOW))


@pytest.mark.parametrize(("tail", "windows"), [(1, 2), (SHORTEST_TAIL, 2), (SHORTEST_TAIL + 1, 3)])
def test_tails_too_short_to_tell_anything_are_left_out_but_not_by_pad(tail: int, windows: int) -> None:
    samples = 2 * WINDOW + tail
    assert cut_into_windows(counting(samples), WINDOW).shape == (1, windows, WINDOW)
    assert cut_into_windows(counting(samples), WINDOW, policy="pad").shape == (1, 3, WINDOW)
    assert bool(times_heard(samples, WINDOW, "cover")[-1]) == (windows == 3)
    assert times_heard(samples, WINDOW, "pad").tolist() == [1] * samples


def test_each_copy_of_a_repeated_sample_counts() -> None:
    assert times_heard(3, 8, "cover").tolist() == [3, 3, 2]
    assert times_heard(3, 8, "pad").tolist() == [1, 1, 1]


def test_what_two_windows_share_counts_twice() -> None:
    tail = WINDOW - 10
    assert times_heard(WINDOW + tail, WINDOW, "cover").tolist() == [1] * tail + [2] * 10 + [1] * tail


@given(samples=samples_of_audio, **windows_and_contexts)
def test_cover_hears_consecutive_windows_and_ends_with_the_audio(samples: int, window: int, context: int) -> None:
    windows = cut_into_windows(counting(samples), window, context)[0]
    starts = [index * window for index in range(len(windows))]
    if len(windows) > 1 and starts[-1] + window > samples:
        starts[-1] = samples - window
    for heard, start in zip(windows, starts, strict=True):
        places = torch.arange(start - context, start + window, dtype=torch.float64)
        expected = torch.where(places < 0, 0, places % samples + 1)
        assert torch.equal(heard, expected)
    assert samples - (starts[-1] + window) <= SHORTEST_TAIL


@given(samples=samples_of_audio, **windows_and_contexts)
def test_cover_hears_every_sample_but_a_short_tail(samples: int, window: int, context: int) -> None:
    heard = times_heard(samples, window, "cover", context)
    left_out = samples % window if samples > window and samples % window <= SHORTEST_TAIL else 0
    assert (heard[: samples - left_out] >= 1).all()
    assert (heard[samples - left_out :] == 0).all()
    if samples < window:
        assert heard.max() - heard.min() <= 1
        assert heard.sum() == window


@given(samples=samples_of_audio, window=st.integers(1, 2000))
def test_pad_is_zeros_to_the_next_whole_window(samples: int, window: int) -> None:
    """As TagBox's tagger does it: as many windows as begin within the audio, one after the other."""
    audio = np.random.default_rng(samples).standard_normal((2, samples))
    count = int(np.ceil(samples / window))
    expected = np.zeros((2, count * window))
    expected[:, :samples] = audio
    windows = cut_into_windows(torch.from_numpy(audio), window, policy="pad")
    np.testing.assert_array_equal(windows, expected.reshape(2, count, window))


@given(samples=samples_of_audio, **windows_and_contexts)
def test_pad_hears_what_comes_before_each_window_too(samples: int, window: int, context: int) -> None:
    audio = counting(samples)
    windows = cut_into_windows(audio, window, context, "pad")
    assert torch.equal(windows[..., context:], cut_into_windows(audio, window, policy="pad"))
    before = cut_into_windows(torch.nn.functional.pad(audio, (window, 0)), window, policy="pad")[:, :-1]
    reach = min(context, window)
    assert torch.equal(windows[..., context - reach : context], before[..., window - reach :])


class Loudness(Tagger):
    """Says how loud a window is: one tag, its logit the mean square of the samples."""

    window_seconds = 1000 / 16000

    def window_logits(self, windows: Tensor) -> Tensor:
        return windows.square().mean(dim=1, keepdim=True)


@given(samples=st.integers(1, 10**7), rate=st.sampled_from([8000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000]))
def test_windows_in_seconds_are_whole_samples_again(samples: int, rate: int) -> None:
    tagger = Loudness()
    tagger.sample_rate, tagger.window_seconds, tagger.context_seconds = rate, samples / rate, (samples - 1) / rate
    assert (tagger.window_samples, tagger.context_samples) == (samples, samples - 1)


def test_tails_too_short_to_tell_anything_last_as_long_at_any_rate() -> None:
    tagger = Loudness()
    for rate, tail in ((16_000, 512), (48_000, 1536)):
        tagger.sample_rate, tagger.window_seconds = rate, 1
        windows = [tagger.cut(torch.zeros(1, rate + rest)).shape[1] for rest in (tail, tail + 1)]
        assert windows == [1, 2]


def test_a_tagger_hears_short_audio_as_loud_as_it_is_or_diluted_with_silence() -> None:
    tagger, audio = Loudness(), torch.full((2, 250), 0.5)
    assert tagger.logits(audio).tolist() == [[[0.25]], [[0.25]]]
    assert tagger.logits(audio, windows="pad").tolist() == [[[0.0625]], [[0.0625]]]


@policies
def test_logits_are_those_of_each_window_of_each_track(policy: WindowPolicy) -> None:
    tagger, audio = Loudness(), torch.randn(3, 2700, generator=torch.Generator().manual_seed(1))
    logits = tagger.logits(audio, windows=policy)
    windows = cut_into_windows(audio, tagger.window_samples, policy=policy)
    assert logits.shape == (3, 3, 1)
    torch.testing.assert_close(logits[..., 0], windows.square().mean(dim=2))
