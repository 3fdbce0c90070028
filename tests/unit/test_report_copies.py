"""Listening copies of the report: their level, rate and channels, and that they are made no more often than needed."""

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from report_results import make_results
from stemsteer.report.copies import downmix_matrix, write_copies

RATE = 44_100
LSB = 2**-15


def write_signal(path: Path, samples: np.ndarray, rate: int = RATE) -> Path:
    soundfile.write(path, samples, rate, subtype="FLOAT")
    return path


@given(peaks=st.lists(st.floats(0.01, 4.0), min_size=1, max_size=3))
def test_one_gain_keeps_all_copies_of_a_track_below_full_scale(tmp_path_factory, peaks):
    folder = tmp_path_factory.mktemp("copies")
    signal = np.sin(np.arange(500) / 9).astype(np.float32)
    sources = [write_signal(folder / f"{n}.wav", peak * signal / abs(signal).max()) for n, peak in enumerate(peaks)]
    copies = {source.with_suffix(".flac"): source for source in sources}
    gain = write_copies(copies)
    assert gain == pytest.approx(min(1, 1 / max(peaks)), rel=1e-6)
    for copy, source in copies.items():
        samples, rate = soundfile.read(copy)
        assert rate == RATE
        np.testing.assert_allclose(samples, gain * soundfile.read(source)[0], atol=1.01 * LSB)


def test_copies_of_stem_and_other_part_add_up_to_that_of_the_mixture(tmp_path):
    make_results(tmp_path, seconds=0.5, tracks=("song",))
    stems = tmp_path / "results/runs/demo/stems/song"
    sources = [tmp_path / "results/audio/song/mixture.wav", stems / "drums.wav", stems / "drums.other.wav"]
    copies = {tmp_path / f"{number}.flac": source for number, source in enumerate(sources)}
    write_copies(copies)
    mixture, stem, other = (soundfile.read(copy)[0] for copy in copies)
    np.testing.assert_allclose(stem + other, mixture, atol=3 * LSB)


def test_fast_rates_are_brought_down_to_48_khz(tmp_path):
    time = np.arange(96_000 * 2) / 96_000
    source = write_signal(tmp_path / "fast.wav", 0.5 * np.sin(2 * np.pi * 1000 * time), 96_000)
    assert write_copies({tmp_path / "fast.flac": source}) == 1.0
    samples, rate = soundfile.read(tmp_path / "fast.flac")
    assert (rate, len(samples)) == (48_000, 96_000)
    inner = slice(1000, -1000)
    expected = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(96_000) / 48_000)
    np.testing.assert_allclose(samples[inner], expected[inner], atol=2e-4)


def test_surround_is_mixed_down_to_stereo(tmp_path):
    channels = np.zeros((100, 6), np.float32)
    channels[:, 2] = 0.5  # centre
    channels[:, 3] = 0.9  # low-frequency effects: left out
    channels[:, 4] = 0.25  # back left
    source = write_signal(tmp_path / "surround.wav", channels)
    write_copies({tmp_path / "surround.flac": source})
    # ITU-R BS.775: the front at 1, centre and back at -3 dB; scaled by 1 / (1 + 2 sqrt(1/2)).
    scale = 0.5**0.5 / (1 + 2 * 0.5**0.5)
    samples, _ = soundfile.read(tmp_path / "surround.flac")
    np.testing.assert_allclose(samples, np.tile([0.75 * scale, 0.5 * scale], (100, 1)), atol=LSB)


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 6, 8])
def test_a_mixdown_never_gets_louder(channels):
    matrix = downmix_matrix(channels)
    assert matrix.shape == (channels, min(channels, 2))
    np.testing.assert_allclose(matrix.sum(axis=0), 1, rtol=1e-6)


def test_copies_are_kept_until_their_source_or_the_gain_changes(tmp_path):
    quiet = write_signal(tmp_path / "quiet.wav", np.full(50, 0.5, np.float32))
    loud = write_signal(tmp_path / "loud.wav", np.full(50, 0.9, np.float32))
    copies = {tmp_path / "quiet.flac": quiet, tmp_path / "loud.flac": loud}

    def written() -> list[int]:
        write_copies(copies)
        return [copy.stat().st_ino for copy in copies]

    first = written()
    assert written() == first
    write_signal(loud, np.full(50, 0.8, np.float32))
    os.utime(loud, ns=(0, (tmp_path / "loud.flac").stat().st_mtime_ns + 1))
    second = written()
    assert second[0] == first[0]
    assert soundfile.read(tmp_path / "loud.flac")[0][0] == pytest.approx(0.8, abs=LSB)
    write_signal(loud, np.full(50, 2.0, np.float32))
    os.utime(loud, ns=(0, (tmp_path / "loud.flac").stat().st_mtime_ns + 1))
    written()
    assert [soundfile.read(copy)[0][0] for copy in copies] == pytest.approx([0.25, 1.0], abs=LSB)
