"""Audio files made with ffmpeg, and what is decoded of them."""

import subprocess
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from stemsteer.errors import UserError
from stemsteer.sound import audio
from stemsteer.sound.decoding import Facts, decode
from workdir import encode

RATE = 44100


def music(seconds: float = 1.0, rate: int = RATE, channels: int = 2) -> audio.Signal:
    """A chord with some noise, different in each channel."""
    time = np.arange(round(seconds * rate))[:, None] / rate
    tones = np.sin(2 * np.pi * time * (220 + 110 * np.arange(channels)))
    noise = np.random.default_rng(0).standard_normal((len(time), channels))
    return (0.3 * tones + 0.01 * noise).astype(np.float32)


def make(path: Path, signal: audio.Signal | None = None, rate: int = RATE, options: Iterable[str] = ()) -> str:
    """Encode a signal with ffmpeg as the file name says."""
    encode(path, music() if signal is None else signal, rate, tuple(options))
    return str(path)


def run_ffmpeg(*arguments: str) -> bytes:
    """What ffmpeg writes to its standard output."""
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout


def plainly_decoded(path: str | Path, channels: int = 2, stream: int = 1) -> audio.Signal:
    """The samples of an audio stream (from 1) as ffmpeg's own command line decodes it."""
    samples = run_ffmpeg("-i", f"file:{path}", "-map", f"0:a:{stream - 1}", "-f", "f32le", "-c:a", "pcm_f32le", "-")
    return np.frombuffer(samples, "<f4").reshape(-1, channels)


def decoded(
    path: str, start: float = 0.0, duration: float | None = None, stream: int | None = None
) -> tuple[Facts, audio.Signal, audio.Signal]:
    """The facts, the mixture and the mono signal of a file, each as long as they should be."""
    out = Path(path).parent / "out"
    facts = decode(path, start, duration, out / "mixture.wav", out / "mono.wav", stream)
    mixture, rate = audio.read(out / "mixture.wav")
    model, steering_rate = audio.read(out / "mono.wav")
    assert (rate, steering_rate, model.shape[1]) == (facts.sample_rate, 44100, 1)
    assert mixture.shape == (facts.samples, facts.channels)
    assert len(model) == audio.resampled_length(facts.samples, rate, 44100)
    return facts, mixture, model


def assert_refused(
    path: str, sentence: str, start: float = 0.0, duration: float | None = None, stream: int | None = None
) -> None:
    """Decoding fails with one sentence that names the file, and leaves nothing behind."""
    out = Path(path).parent / "out"
    with pytest.raises(UserError, match=sentence) as error:
        decode(path, start, duration, out / "mixture.wav", out / "mono.wav", stream)
    assert str(error.value).startswith(repr(path))
    assert "\n" not in str(error.value)
    assert not out.exists() or list(out.iterdir()) == []
