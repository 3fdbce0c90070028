"""Spectrograms of the report against physical cases and scipy, and their axes."""

import os
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy.signal import ShortTimeFFT

from stemsteer.report.copies import write_copies
from stemsteer.report.spectrograms import TrackSpectrograms, band_levels, band_weights, time_axis

RATE = 44_100


def write_signal(path: Path, samples: np.ndarray, rate: int = RATE) -> Path:
    soundfile.write(path, samples, rate, subtype="FLOAT")
    return path


def tone(frequency: float, seconds: float = 1.0, rate: int = RATE) -> np.ndarray:
    return np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate).astype(np.float32)


@pytest.mark.parametrize("rate", [8_000, 44_100, 96_000])
def test_a_full_scale_tone_reads_about_0_db_in_its_band(tmp_path, rate):
    levels = band_levels(write_signal(tmp_path / "tone.wav", tone(1000, rate=rate), rate))
    middle = levels[:, levels.shape[1] // 2]
    # Mel of 1 kHz, 30 Hz and 16 kHz by O'Shaughnessy's formula: 999.99, 47.25, 3564.07.
    assert abs(int(middle.argmax()) - 192 * (999.99 - 47.25) / (3564.07 - 47.25)) < 1.5
    assert middle.max() == pytest.approx(0, abs=2)
    half = band_levels(write_signal(tmp_path / "half.wav", 0.5 * tone(1000, rate=rate), rate))
    assert middle.max() - half[:, half.shape[1] // 2].max() == pytest.approx(6.02, abs=0.01)


def test_bands_are_the_power_spectrum_of_scipy(tmp_path):
    noise = np.random.default_rng(0).standard_normal(800 * 128).astype(np.float32) * 0.1
    levels = band_levels(write_signal(tmp_path / "noise.wav", noise))
    window = np.hanning(2049)[:-1]
    transform = ShortTimeFFT(window * 2 / window.sum(), hop=128, fs=RATE)
    power = np.abs(transform.stft(noise.astype(float), p0=0, p1=800)) ** 2
    np.testing.assert_allclose(levels, 10 * np.log10(band_weights(2048, RATE) @ power), atol=0.02)


def test_every_bin_within_the_bands_is_shared_out_in_full():
    weights = band_weights(2048, RATE)
    frequencies = np.arange(1025) * RATE / 2048
    inside = (frequencies > 45) & (frequencies < 15_980)
    np.testing.assert_allclose(weights.sum(axis=0)[inside], 1, atol=1e-5)
    assert (weights.sum(axis=1) > 0).all()


def test_a_click_is_seen_where_it_is_heard(tmp_path):
    for seconds in (0.2, 3.0, 70.0):
        samples = np.zeros(round(seconds * RATE), np.float32)
        samples[round(0.25 * len(samples))] = 1
        levels = band_levels(write_signal(tmp_path / "click.wav", samples))
        loudest = levels.max(axis=0).argmax()
        # Within half of the analysis window of 46 ms.
        assert abs((loudest + 0.5) / levels.shape[1] - 0.25) * seconds <= 0.5 / levels.shape[1] * seconds + 0.024


def test_channels_of_opposite_phase_do_not_cancel(tmp_path):
    left = tone(440)
    same = band_levels(write_signal(tmp_path / "same.wav", np.stack([left, left], axis=1)))
    opposite = band_levels(write_signal(tmp_path / "opposite.wav", np.stack([left, -left], axis=1)))
    np.testing.assert_array_equal(same, opposite)


def test_memory_does_not_grow_with_length(tmp_path):
    def used(seconds: int) -> int:
        source = write_signal(tmp_path / f"{seconds}.wav", np.zeros((seconds * RATE, 2), np.float32))
        tracemalloc.start()
        band_levels(source)
        write_copies({source.with_suffix(".flac"): source})
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    assert used(80) < 1.1 * used(40)


def test_silence_is_drawn_dark(tmp_path):
    silence = write_signal(tmp_path / "silence.wav", np.zeros(4000, np.float32))
    picture = TrackSpectrograms(silence).draw(silence, tmp_path / "images/silence.webp", "Mixture")
    assert picture.path.is_file()
    assert picture.words == "Spectrogram: Mixture"


def test_pictures_are_kept_until_what_they_show_changes(tmp_path):
    mixture = write_signal(tmp_path / "mixture.wav", tone(440, 0.2))
    stem = write_signal(tmp_path / "stem.wav", tone(880, 0.2))

    def drawn() -> list[int]:
        spectrograms = TrackSpectrograms(mixture)
        pictures = [spectrograms.draw(audio, audio.with_suffix(".webp"), "") for audio in (mixture, stem)]
        return [picture.path.stat().st_ino for picture in pictures]

    first = drawn()
    assert drawn() == first
    os.utime(stem, ns=(0, stem.with_suffix(".webp").stat().st_mtime_ns + 1))
    second = drawn()
    assert second[0] == first[0]
    assert second[1] != first[1]


def test_the_mean_spectrum_is_that_of_the_power(tmp_path):
    mixture = write_signal(tmp_path / "mixture.wav", tone(440))
    half = write_signal(tmp_path / "half.wav", tone(440) * np.repeat(np.float32([1, 0]), RATE // 2))
    spectrograms = TrackSpectrograms(mixture)
    whole, part = spectrograms.mean_spectrum(mixture), spectrograms.mean_spectrum(half)
    assert whole.shape == (192,)
    assert whole.max() - part[whole.argmax()] == pytest.approx(3.01, abs=0.2)
    silence = write_signal(tmp_path / "silence.wav", np.zeros(4000, np.float32))
    assert (spectrograms.mean_spectrum(silence) == -np.inf).all()


@pytest.mark.parametrize(
    ("seconds", "last", "label"), [(0.2, "0.2", "Time (s)"), (6.1, "6", "Time (s)"), (245, "4:00", "Time (min:s)")]
)
def test_time_axes_have_round_ticks(seconds, last, label):
    axis = time_axis(seconds)
    assert (axis.label, axis.ticks[-1][1]) == (label, last)
    assert 3 <= len(axis.ticks) <= 7
    assert all(0 <= place <= 1 for place, _ in axis.ticks)
