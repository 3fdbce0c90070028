"""What happens to the sound of an instrument on its way into a recording: amplifier, room, equaliser, codec."""

import io

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import butter, fftconvolve, sosfilt

Mono = NDArray[np.float32]
"""`[samples]`"""


def coloured(signal: Mono, rate: int, random: np.random.Generator, driven: bool) -> Mono:
    """A signal at `rate` Hz after a random choice of changes; its length and its peak of 1 stay.

    Args:
        signal: of one instrument.
        rate: in Hz.
        random: decides.
        driven: whether the instrument may have an amplifier that distorts, as guitars and basses.
    """
    if driven and random.random() < 0.3:
        signal = _driven(signal, random)
    if random.random() < 0.5:
        signal = _equalised(signal, rate, random)
    if random.random() < 0.4:
        signal = _in_a_room(signal, rate, random)
    if random.random() < 0.2:
        signal = _coded(signal, rate, random)
    return (signal / np.abs(signal).max(initial=1e-6)).astype(np.float32)


def _driven(signal: Mono, random: np.random.Generator) -> Mono:
    gain = 10 ** random.uniform(0, 1.5)
    return np.tanh(gain * signal / np.abs(signal).max(initial=1e-6)).astype(np.float32)


def _equalised(signal: Mono, rate: int, random: np.random.Generator) -> Mono:
    """Louder or quieter above and below some frequencies, by up to 9 dB."""
    for _ in range(2):
        at = np.exp(random.uniform(np.log(80), np.log(5000)))
        kind = random.choice(["low", "high"])
        part = sosfilt(butter(1, at, kind, fs=rate, output="sos"), signal)
        signal = signal + (10 ** (random.uniform(-9, 9) / 20) - 1) * part
    return np.asarray(signal, np.float32)


def _in_a_room(signal: Mono, rate: int, random: np.random.Generator) -> Mono:
    """With the echoes of a room, noise that fades within 0.2 to 1.5 s (Polack, 1988)."""
    seconds = random.uniform(0.2, 1.5)
    times = np.arange(round(seconds * rate)) / rate
    response = random.normal(size=len(times)) * np.exp(-6.9 * times / seconds)
    response *= random.uniform(0.1, 1) / np.sqrt(np.square(response).sum())
    response[0] = 1
    return np.asarray(fftconvolve(signal, response)[: len(signal)], np.float32)


def _coded(signal: Mono, rate: int, random: np.random.Generator) -> Mono:
    """Through a lossy codec at a low rate."""
    packed = io.BytesIO()
    level = float(random.uniform(0.4, 1))
    peak = np.abs(signal).max(initial=1e-6)
    soundfile.write(packed, 0.9 * signal / peak, rate, format="OGG", subtype="VORBIS", compression_level=level)
    packed.seek(0)
    decoded, _ = soundfile.read(packed, dtype="float32", frames=len(signal), fill_value=0.0)
    return np.asarray(decoded, np.float32)
