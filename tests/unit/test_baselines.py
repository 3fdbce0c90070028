"""The baselines on signals whose parts are known, and through the registry."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from stemsteer.compared import BASELINES
from stemsteer.compared.base import Baseline
from stemsteer.compared.codec_baselines import codec, codec_oracle
from stemsteer.compared.hpss import hpss
from stemsteer.compared.kinds import BaselineKind
from stemsteer.compared.oracle_mask import oracle_mask
from stemsteer.compared.repet_sim import repet_sim
from stemsteer.generators.base import Generator
from stemsteer.generators.loading import load_codec
from stemsteer.generators.settings import CodecWeights
from stemsteer.scores.metrics import si_sdr, snr
from stemsteer.sound import audio
from stemsteer.sound.audio import Signal

RATE = 44_100
CPU = torch.device("cpu")


def time(seconds: float) -> np.ndarray:
    return np.arange(round(seconds * RATE)) / RATE


def tone(frequency: float, seconds: float) -> Signal:
    """A steady tone, louder on the left: `[samples, 2]`."""
    wave = np.sin(2 * np.pi * frequency * time(seconds))
    return np.stack([0.5 * wave, 0.3 * wave], axis=1).astype(np.float32)


def clicks(seconds: float) -> Signal:
    """Four bursts of noise a second, `[samples, 2]`."""
    noise = np.random.default_rng(4).standard_normal((round(seconds * RATE), 2))
    return (noise * (time(seconds) % 0.25 < 0.01)[:, None]).astype(np.float32)


@pytest.fixture(scope="module")
def generator() -> Generator:
    return load_codec(CodecWeights(), CPU)


def test_an_oracle_tells_two_tones_apart_and_leaves_nothing_of_the_mixture_out() -> None:
    low, high = tone(300, 1.5), tone(3000, 1.5)
    of_low, of_high = oracle_mask(low + high, low), oracle_mask(low + high, high)
    assert snr(low, of_low) > 30
    assert snr(high, of_high) > 30
    np.testing.assert_allclose(of_low + of_high, low + high, atol=1e-5)


def test_an_oracle_of_silence_is_silent() -> None:
    mixture = tone(300, 0.5)
    assert not oracle_mask(mixture, np.zeros_like(mixture)).any()
    assert not oracle_mask(np.zeros_like(mixture), np.zeros_like(mixture)).any()


def test_percussive_and_harmonic_parts() -> None:
    mixture = tone(440, 3) + clicks(3)
    assert si_sdr(clicks(3), hpss(mixture, "drums")) > si_sdr(clicks(3), mixture) + 10
    assert si_sdr(tone(440, 3), hpss(mixture, "piano")) > si_sdr(tone(440, 3), mixture) + 10
    np.testing.assert_allclose(hpss(mixture, "drums") + hpss(mixture, "piano"), mixture, atol=1e-5)


def test_the_percussive_part_is_librosas() -> None:
    librosa = pytest.importorskip("librosa")
    mixture = (tone(440, 2) + clicks(2))[:, :1]
    # Its windows are Hann's, at a quarter of their length: the same parts, told apart a little otherwise.
    expected = librosa.effects.percussive(mixture[:, 0])[:, None]
    assert snr(expected, hpss(mixture, "drums")) > 10


def test_what_does_not_repeat_is_the_voice() -> None:
    loop = np.random.default_rng(5).standard_normal((round(1.5 * RATE), 1)).astype(np.float32) * 0.3
    loop *= np.repeat(np.linspace(0.1, 1, 15), len(loop) // 15)[:, None]
    background = np.tile(loop, (6, 1))
    glide = np.sin(2 * np.pi * np.cumsum(np.linspace(300, 2500, len(background))) / RATE)[:, None].astype(np.float32)
    mixture = background + glide
    assert si_sdr(glide, repet_sim(mixture, "vocals", RATE)) > si_sdr(glide, mixture) + 3
    assert si_sdr(background, repet_sim(mixture, "drums", RATE)) > si_sdr(background, mixture) + 3


@pytest.mark.parametrize("seconds", [0.01, 0.1, 1.0])
def test_short_and_silent_mixtures_are_no_trouble(seconds: float) -> None:
    for mixture in (tone(440, seconds), np.zeros((round(seconds * RATE), 2), np.float32)):
        for estimate in (hpss(mixture, "drums"), repet_sim(mixture, "vocals", RATE), oracle_mask(mixture, mixture)):
            assert estimate.shape == mixture.shape
            assert np.isfinite(estimate).all()


def write(folder: Path, **signals: Signal) -> list[Path]:
    for name, signal in signals.items():
        audio.write(folder / f"{name}.wav", signal, 48_000)
    return [folder / f"{name}.wav" for name in signals]


def test_the_codec_keeps_length_rate_and_level(tmp_path: Path, generator: Generator) -> None:
    music = tone(330, 1.2) + tone(500, 1.2)
    (path,) = write(tmp_path, mixture=music)
    decoded = codec(path, generator)
    assert decoded.shape == music.shape
    middle = np.repeat(music.mean(axis=1, keepdims=True), 2, axis=1)
    assert snr(middle, decoded) > 10


def test_an_oracle_through_the_codec_is_nearly_an_oracle(tmp_path: Path, generator: Generator) -> None:
    source = tone(300, 1.2)
    mixture, reference = write(tmp_path, mixture=source + tone(3000, 1.2), reference=source)
    estimate = codec_oracle(mixture, reference, generator)
    assert estimate.shape == source.shape
    assert si_sdr(source, estimate) > 10


def made(kind: BaselineKind, generator: Generator) -> Baseline:
    return kind.make(generator) if kind.needs_codec else kind.make()


@pytest.mark.parametrize("name", BASELINES)
def test_every_baseline_is_asked_in_the_same_way(tmp_path: Path, generator: Generator, name: str) -> None:
    source = tone(300, 1.2)
    mixture, reference = write(tmp_path, mixture=source + tone(3000, 1.2), reference=source)
    estimate = made(BASELINES[name], generator).estimate(mixture, reference, "drums")
    assert estimate.shape == source.shape
    assert np.isfinite(estimate).all()


@pytest.mark.parametrize("name", BASELINES)
def test_only_those_that_say_so_read_the_reference(tmp_path: Path, generator: Generator, name: str) -> None:
    (mixture,) = write(tmp_path, mixture=tone(300, 0.5))
    baseline = made(BASELINES[name], generator)
    if BASELINES[name].is_told_reference:
        with pytest.raises(soundfile.LibsndfileError):
            baseline.estimate(mixture, tmp_path / "absent.wav", "drums")
    else:
        baseline.estimate(mixture, tmp_path / "absent.wav", "drums")


def test_the_registry_imports_no_baseline() -> None:
    code = (
        "import sys, stemsteer.compared as c; assert list(c.BASELINES); assert not {'torch', 'numpy'} & {*sys.modules}"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
