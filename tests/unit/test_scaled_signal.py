"""The signals that are steered: one gain for the whole track."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from stemsteer.sound import scaled_signal as scaled_signal
from stemsteer.sound.audio import Signal
from stemsteer.sound.scaled_signal import MonoSignal, WholeSignal


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mono.wav"


def write(path: Path, signal: Signal) -> MonoSignal:
    soundfile.write(path, signal, 44100, "FLOAT")
    return MonoSignal(path)


@pytest.mark.parametrize("peak", [1e-5, 0.1, 1.0, 3.0])
@pytest.mark.parametrize("place", [0, 500, 999])
@pytest.mark.parametrize("sign", [-1, 1])
def test_the_peak_becomes_one_wherever_it_is(
    file: Path, monkeypatch: pytest.MonkeyPatch, peak: float, place: int, sign: int
) -> None:
    monkeypatch.setattr(scaled_signal, "BLOCK", 64)
    signal = np.random.default_rng(1).uniform(-0.9 * peak, 0.9 * peak, 1000).astype(np.float32)
    signal[place] = sign * peak
    found = write(file, signal)
    assert (found.samples, found.rate, found.silent) == (1000, 44100, False)
    assert found.gain == pytest.approx(1 / peak)
    whole = found.read(0, 1000)
    assert whole.dtype == np.float32
    assert whole[place] == pytest.approx(sign)
    np.testing.assert_allclose(whole / found.gain, signal, rtol=1e-6)


def test_a_piece_is_scaled_as_the_whole(file: Path) -> None:
    signal = write(file, np.linspace(-0.2, 0.4, 1000).astype(np.float32))
    assert np.array_equal(signal.read(300, 421), signal.read(0, 1000)[300:421])


@pytest.mark.parametrize("samples", [0, 1000])
@pytest.mark.parametrize("trace", [0, 1e-6])
def test_silence_stays_as_it_is(file: Path, samples: int, trace: float) -> None:
    """Traces of a codec's noise are not blown up to full scale."""
    signal = write(file, np.full(samples, trace, np.float32))
    assert signal.silent
    assert signal.gain == 1
    assert (signal.read(0, samples) == np.float32(trace)).all()


@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("rate", [8000, 96_000])
def test_a_whole_signal_has_all_channels_at_one_gain(file: Path, channels: int, rate: int) -> None:
    mixture = np.random.default_rng(2).uniform(-0.2, 0.2, (1000, channels)).astype(np.float32)
    mixture[321, -1] = -0.25
    soundfile.write(file, mixture, rate, "FLOAT")
    signal = WholeSignal(file)
    assert (signal.samples, signal.rate, signal.channels, signal.gain) == (1000, rate, channels, 4)
    piece = signal.read(300, 400)
    assert piece.flags["C_CONTIGUOUS"]
    np.testing.assert_array_equal(piece, 4 * mixture[300:400].T)
