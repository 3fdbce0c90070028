"""Audio files and audio arithmetic: lengths, resampling, cutting, round trips."""

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from stemsteer.errors import UserError
from stemsteer.sound import audio

RATES = st.sampled_from([8000, 11025, 16000, 22050, 32000, 44100, 48000, 88200, 96000, 192000])
FORMATS = [(".wav", "PCM_16"), (".wav", "PCM_24"), (".flac", "PCM_16"), (".flac", "PCM_24")]


def noise(samples: int, channels: int = 1, seed: int = 0) -> audio.Signal:
    return np.random.default_rng(seed).uniform(-1, 1, (samples, channels)).astype(np.float32)


def in_blocks(signal: audio.Signal, size: int) -> list[audio.Signal]:
    return [signal[start : start + size] for start in range(0, len(signal), size)]


@given(st.integers(0, 10**9), RATES, RATES)
def test_there_and_back_loses_no_sample(samples, rate_in, rate_out):
    back = audio.resampled_length(audio.resampled_length(samples, rate_in, rate_out), rate_out, rate_in)
    assert samples <= back <= samples + max(1, -(-rate_in // rate_out))


@given(st.integers(0, 3000), RATES, RATES, st.integers(1, 2), st.integers(1, 999))
@settings(max_examples=60)
def test_resampling_is_exact_in_length_and_the_same_in_blocks(samples, rate_in, rate_out, channels, block):
    signal = noise(samples, channels)
    whole = audio.resample(signal, rate_in, rate_out)
    assert whole.shape == (audio.resampled_length(samples, rate_in, rate_out), channels)
    if samples:
        streamed = np.concatenate(list(audio.resampled(in_blocks(signal, block), rate_in, rate_out)))
        np.testing.assert_array_equal(streamed, whole)


@pytest.mark.parametrize(("rate_in", "rate_out"), [(48000, 44100), (44100, 48000), (96000, 44100), (8000, 44100)])
def test_a_resampled_tone_is_that_tone_at_the_other_rate(rate_in, rate_out):
    def tone(rate):
        return np.sin(2 * np.pi * 440 * np.arange(rate) / rate)[:, None].astype(np.float32)

    inner = slice(rate_out // 10, -rate_out // 10)  # the tone is cut off at its ends
    np.testing.assert_allclose(
        audio.resample(tone(rate_in), rate_in, rate_out)[inner], tone(rate_out)[inner], atol=1e-5
    )


def test_what_a_lower_rate_cannot_hold_is_filtered_out():
    ultrasound = np.sin(2 * np.pi * 30000 * np.arange(96000) / 96000)[:, None].astype(np.float32)
    assert np.abs(audio.resample(ultrasound, 96000, 44100)[4410:-4410]).max() < 1e-5


def test_equal_rates_leave_the_signal_alone():
    signal = noise(100)
    assert audio.resample(signal, 44100, 44100) is signal


@given(st.integers(0, 300), st.integers(0, 320), st.none() | st.integers(1, 320), st.integers(1, 50))
def test_cutting_blocks_is_slicing_the_whole(samples, first, length, block):
    signal = noise(samples, 2)
    pieces = list(audio.cut(in_blocks(signal, block), first, length))
    wanted = signal[first : None if length is None else first + length]
    np.testing.assert_array_equal(np.concatenate([np.empty((0, 2), np.float32), *pieces]), wanted)


def test_cutting_does_not_read_behind_its_end():
    def blocks():
        yield noise(10)
        raise AssertionError("read too far")

    assert sum(map(len, audio.cut(blocks(), 2, 8))) == 8


def test_mono_is_the_mean_of_the_channels():
    block = np.array([[1, 0, -1, 4], [0.5, 0.5, 0.5, 0.5]], np.float32)
    np.testing.assert_array_equal(audio.mono(block), np.array([[1], [0.5]], np.float32))


@given(arrays(np.float32, (40, 2), elements=st.floats(-8, 8, width=32)))
@settings(max_examples=30)
def test_float_files_keep_every_sample(tmp_path_factory, signal):
    path = tmp_path_factory.mktemp("float") / "a.wav"
    assert audio.write(path, signal, 22050) == 0
    back, rate = audio.read(path)
    assert rate == 22050
    np.testing.assert_array_equal(back, signal)


@pytest.mark.parametrize(("suffix", "subtype"), FORMATS)
@given(signal=arrays(np.float32, (40, 2), elements=st.floats(-1.5, 1.5, width=32)))
@settings(max_examples=30)
def test_integer_files_hold_the_nearest_step_and_count_what_they_clip(tmp_path_factory, suffix, subtype, signal):
    path = tmp_path_factory.mktemp("integer") / f"a{suffix}"
    step = 2.0 ** (1 - audio.BITS[subtype])
    clipped = audio.write(path, signal, 44100, subtype)
    back = audio.read(path)[0].astype(np.float64)
    inside = (signal >= -1 - step / 2) & (signal <= 1 - 1.5 * step)
    assert np.abs(back - signal)[inside].max(initial=0) <= step / 2
    assert set(back[signal > 1]) <= {1 - step}
    assert set(back[signal < -1 - step]) <= {-1.0}
    assert clipped == np.count_nonzero(np.rint(signal.astype(np.float64) / step) != np.rint(back / step))
    assert audio.write(path, back.astype(np.float32), 44100, subtype) == 0
    np.testing.assert_array_equal(audio.read(path)[0], back)


def test_full_scale_survives_in_16_bits(tmp_path):
    steps = np.array([[-32768], [-1], [0], [1], [32767]])
    audio.write(tmp_path / "a.wav", (steps / 32768).astype(np.float32), 8000, "PCM_16")
    np.testing.assert_array_equal(soundfile.read(tmp_path / "a.wav", dtype="int16", always_2d=True)[0], steps)


def test_blocks_are_the_file(tmp_path):
    signal = noise(2 * audio.BLOCK + 5, 2)
    audio.write(tmp_path / "a.wav", signal, 44100)
    np.testing.assert_array_equal(np.concatenate(list(audio.blocks(tmp_path / "a.wav"))), signal)


def test_a_wav_file_holds_no_time_of_day(tmp_path):
    audio.write(tmp_path / "a.wav", noise(10), 44100)
    assert b"PEAK" not in (tmp_path / "a.wav").read_bytes()


def test_a_long_or_endless_wav_is_rf64(tmp_path, monkeypatch):
    with audio.writing(tmp_path / "endless.wav", 44100, 1) as writer:
        writer.write(noise(10))
    monkeypatch.setattr(audio, "RIFF_BYTES", 1000 + audio.BLOCK)
    audio.write(tmp_path / "short.wav", noise(100), 44100)
    audio.write(tmp_path / "long.wav", noise(20000), 44100)
    assert {f.stem: f.read_bytes()[:4] for f in tmp_path.iterdir()} == {
        "endless": b"RF64",
        "short": b"RIFF",
        "long": b"RF64",
    }
    np.testing.assert_array_equal(audio.read(tmp_path / "long.wav")[0], noise(20000))


def test_a_wav_that_outgrows_riff_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(audio, "RIFF_BYTES", 1000 + audio.BLOCK)
    too_large = pytest.raises(UserError, match=r"a\.wav' would be larger than 4 GiB")
    with too_large, audio.writing(tmp_path / "a.wav", 44100, 1, samples=10) as writer:
        writer.write(noise(1000))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_signal_that_is_not_finite_is_not_written(tmp_path, bad):
    audio.write(tmp_path / "a.wav", noise(10), 44100)
    with pytest.raises(ValueError, match="NaN or infinite"):
        audio.write(tmp_path / "a.wav", np.array([[0], [bad]], np.float32), 44100)
    assert [f.name for f in tmp_path.iterdir()] == ["a.wav"]
    np.testing.assert_array_equal(audio.read(tmp_path / "a.wav")[0], noise(10))  # the older file is still whole


def test_flac_says_how_many_channels_it_holds(tmp_path):
    audio.write(tmp_path / "eight.flac", noise(10, 8), 44100, "PCM_24")
    with pytest.raises(UserError, match=r"nine\.flac': flac holds at most 8 channels, not 9"):
        audio.write(tmp_path / "nine.flac", noise(10, 9), 44100, "PCM_24")
