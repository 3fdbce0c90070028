"""The stem made of a whole track, block by block, against the mask written out frame by frame."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from stemsteer.masking import separation
from stemsteer.masking.masks import Edges, istft, stft
from stemsteer.masking.separation import Signals, masked_blocks, resample_file, residual_blocks, steered_blocks
from stemsteer.masking.settings import MaskedSignal, MaskedStem, NoMask, RatioMask, ResidualStem, SteeredStem
from stemsteer.sound.audio import Signal

MODEL_RATE = 44100
MakeMixture = Callable[[Signal, Signal, int], Signals]


@pytest.fixture
def mixture_of(tmp_path: Path) -> MakeMixture:
    """Write a mixture `[samples, channels]` and a steered signal `[samples]` of one rate (Hz)."""

    def write(mixture: Signal, steered: Signal, rate: int) -> Signals:
        for name, signal in (("mixture", mixture), ("steered", steered)):
            soundfile.write(tmp_path / f"{name}.wav", signal, rate, "FLOAT")
        return Signals(tmp_path / "mixture.wav", tmp_path / "steered.wav")

    return write


@pytest.fixture(autouse=True)
def short_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(separation, "BLOCK_SECONDS", 1)


def noise(seed: int, *shape: int) -> Signal:
    return (0.1 * np.random.default_rng(seed).standard_normal(shape)).astype(np.float32)


def tone(frequency: float, rate: int, seconds: float = 2.0) -> Signal:
    return (0.3 * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def joined(blocks: Iterable[tuple[Signal, Signal]]) -> tuple[Signal, Signal]:
    stems, others = zip(*blocks, strict=True)
    return np.concatenate(stems), np.concatenate(others)


STEM = MaskedStem()


def sized(*fft_sizes: int) -> RatioMask:
    return RatioMask(fft_sizes=list(fft_sizes))


def stem_of(mixture: Signals, fft_sizes: Sequence[int]) -> Signal:
    return joined(masked_blocks(mixture, sized(*fft_sizes), STEM, MODEL_RATE))[0]


def masked_at_once(mixture: Signal, steered: Signal, rate: int, fft_sizes: Sequence[int]) -> Signal:
    """The definition: all frames of the whole track, one after the other, in double precision."""
    steered = np.concatenate([steered, np.zeros(max(0, len(mixture) - len(steered)))])[: len(mixture)]
    stems = []
    for size in fft_sizes:
        hop = round(size * rate / MODEL_RATE / 2)
        window = np.sin(np.pi * np.arange(2 * hop) / (2 * hop))
        heard = (np.fft.rfftfreq(2 * hop, 1 / rate) <= MODEL_RATE / 2)[:, None]
        frames = -(-len(mixture) // hop) + 1
        length = (frames + 1) * hop
        padded, padded_steered = np.zeros((length, mixture.shape[1])), np.zeros((length, 1))
        padded[hop : hop + len(mixture)], padded_steered[hop : hop + len(mixture), 0] = mixture, steered
        stem = np.zeros_like(padded)
        for start in range(0, frames * hop, hop):
            frame = slice(start, start + 2 * hop)
            spectrum = np.fft.rfft(window[:, None] * padded[frame], axis=0)
            loudness = np.abs(spectrum.mean(axis=1, keepdims=True))
            wanted = np.abs(np.fft.rfft(window[:, None] * padded_steered[frame], axis=0))
            passing = heard * wanted / (np.maximum(wanted, loudness) + 1e-8)
            stem[frame] += window[:, None] * np.fft.irfft(passing * spectrum, axis=0)
        stems.append(stem[hop : hop + len(mixture)])
    return np.mean(stems, axis=0)


@pytest.mark.parametrize("rate", [8000, 44100, 48000, 96000])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_the_blocks_are_those_of_the_track_masked_at_once(mixture_of: MakeMixture, rate: int, channels: int) -> None:
    signal, steered = noise(1, 2 * rate + 357, channels), noise(2, 2 * rate + 357) / 2
    blocks = list(masked_blocks(mixture_of(signal, steered, rate), sized(2048, 512), STEM, MODEL_RATE))
    assert [len(stem) for stem, _ in blocks] == [rate, rate, 357]
    stem, other = joined(blocks)
    np.testing.assert_allclose(stem, masked_at_once(signal, steered, rate, (2048, 512)), atol=1e-6)
    np.testing.assert_allclose(stem + other, signal, atol=1e-7)
    assert stem.dtype == other.dtype == np.float32


@pytest.mark.parametrize("samples", [1, 2, 500, 1024, 2047])
def test_a_track_shorter_than_the_window_is_masked_too(mixture_of: MakeMixture, samples: int) -> None:
    signal, steered = noise(3, samples, 2), noise(4, samples) / 2
    found = stem_of(mixture_of(signal, steered, MODEL_RATE), (2048,))
    np.testing.assert_allclose(found, masked_at_once(signal, steered, MODEL_RATE, (2048,)), atol=1e-6)


@pytest.mark.parametrize("samples", [MODEL_RATE - 700, MODEL_RATE + 700])
def test_a_steered_signal_of_another_length_ends_in_silence(mixture_of: MakeMixture, samples: int) -> None:
    signal, steered = noise(5, 2 * MODEL_RATE, 1), noise(6, samples)
    found = stem_of(mixture_of(signal, steered, MODEL_RATE), (1024,))
    np.testing.assert_allclose(found, masked_at_once(signal, steered, MODEL_RATE, (1024,)), atol=1e-6)
    assert not found[samples + 1024 :].any()


def test_a_steered_mixture_gives_the_mixture_back(mixture_of: MakeMixture) -> None:
    signal = noise(7, 70000, 1)
    stem, other = joined(
        masked_blocks(mixture_of(signal, signal[:, 0], MODEL_RATE), sized(2048, 512), STEM, MODEL_RATE)
    )
    np.testing.assert_allclose(stem, signal, atol=1e-6)
    np.testing.assert_allclose(other, 0, atol=1e-6)


def test_steered_silence_gives_silence(mixture_of: MakeMixture) -> None:
    signal = noise(8, 70000, 2)
    stem, other = joined(
        masked_blocks(mixture_of(signal, np.zeros(70000, np.float32), 48000), sized(2048), STEM, MODEL_RATE)
    )
    assert not stem.any()
    assert np.array_equal(other, signal)


def test_a_silent_mixture_stays_silent(mixture_of: MakeMixture) -> None:
    assert not stem_of(mixture_of(np.zeros((70000, 2), np.float32), noise(9, 70000), 48000), (2048, 512)).any()


def test_nothing_passes_above_the_steered_signals_band(mixture_of: MakeMixture) -> None:
    rate = 96000
    low, high = tone(1000, rate), tone(30000, rate)
    found = stem_of(mixture_of((low + high)[:, None], low + high, rate), (2048,))[:, 0]
    inside = slice(5000, -5000)
    np.testing.assert_allclose(found[inside], low[inside], atol=1e-4)


def test_a_panned_source_keeps_its_panning(mixture_of: MakeMixture) -> None:
    voice, drone = tone(440, MODEL_RATE), tone(5000, MODEL_RATE)
    panning = np.float32([0.9, 0.1])
    mixture = voice[:, None] * panning + drone[:, None] * panning[::-1]
    found = stem_of(mixture_of(mixture, voice * panning.mean(), MODEL_RATE), (2048,))
    inside = slice(5000, -5000)
    np.testing.assert_allclose(found[inside], (voice[:, None] * panning)[inside], atol=2e-3)


def test_several_window_sizes_are_averaged(mixture_of: MakeMixture) -> None:
    mixture = mixture_of(noise(10, 50000, 2), noise(11, 50000) / 2, 48000)
    single = [stem_of(mixture, (size,)) for size in (2048, 1024, 512)]
    assert np.abs(single[0] - single[2]).max() > 0.01
    np.testing.assert_allclose(stem_of(mixture, (2048, 1024, 512)), np.mean(single, axis=0), atol=1e-7)


def test_without_a_mask_the_steered_signal_is_on_all_channels(mixture_of: MakeMixture) -> None:
    signal, steered = noise(12, 100000, 2), noise(13, 90000)
    stem, other = joined(steered_blocks(mixture_of(signal, steered, MODEL_RATE), NoMask(), SteeredStem(), MODEL_RATE))
    assert np.array_equal(stem, np.pad(steered, (0, 10000))[:, None].repeat(2, axis=1))
    assert np.array_equal(other, signal - stem)


@pytest.mark.parametrize("rate", [8000, 44100, 48000, 96000])
def test_a_steered_tone_comes_to_the_mixtures_rate(tmp_path: Path, rate: int) -> None:
    source, target = tmp_path / "steered.wav", tmp_path / "resampled.wav"
    soundfile.write(source, tone(1000, MODEL_RATE), MODEL_RATE, "FLOAT")
    resample_file(source, target, rate)
    found, found_rate = soundfile.read(target, dtype="float32")
    assert (found_rate, len(found)) == (rate, 2 * rate)
    inside = slice(rate // 10, -rate // 10)
    np.testing.assert_allclose(found[inside], tone(1000, rate)[inside], atol=1e-4)


def test_memory_does_not_grow_with_the_track(mixture_of: MakeMixture, monkeypatch: pytest.MonkeyPatch) -> None:
    mixture = mixture_of(noise(14, 40000, 1), noise(15, 40000), 8000)
    longest = 0
    read = Signals.read_mixture

    def measured(self: Signals, start: int, stop: int):
        nonlocal longest
        longest = max(longest, stop - start)
        return read(self, start, stop)

    monkeypatch.setattr(Signals, "read_mixture", measured)
    stem_of(mixture, (2048,))
    window = 2048 * 8000 // MODEL_RATE
    assert longest < 8000 + 4 * window


@pytest.fixture
def with_reconstruction(tmp_path: Path) -> tuple[Signals, Signal, Signal, Signal]:
    """A stereo mixture with a mono steered signal and reconstruction, and the three signals."""
    mixture, steered, reconstruction = noise(16, 100357, 2), noise(17, 100357) / 2, noise(18, 100357)
    signals = Signals(*(tmp_path / f"{name}.wav" for name in ("mixture", "steered", "reconstruction")))
    soundfile.write(signals.mixture, mixture, MODEL_RATE, "FLOAT")
    soundfile.write(signals.steered, steered, MODEL_RATE, "FLOAT")
    soundfile.write(str(signals.reconstruction), reconstruction, MODEL_RATE, "FLOAT")
    return signals, mixture, steered, reconstruction


@pytest.mark.parametrize("against", ["mixture", "reconstruction"])
@pytest.mark.parametrize("on", ["mixture", "reconstruction"])
@pytest.mark.parametrize("edges", ["zeros", "reflect"])
def test_the_mask_may_be_compared_with_and_applied_to_the_reconstruction(
    with_reconstruction: tuple[Signals, Signal, Signal, Signal],
    against: MaskedSignal,
    on: MaskedSignal,
    edges: Edges,
) -> None:
    signals, mixture, steered, reconstruction = with_reconstruction
    settings = RatioMask(fft_sizes=[1024], compared_with=against, applied_to=on, edges=edges)
    found, rest = joined(masked_blocks(signals, settings, STEM, MODEL_RATE))
    mono = {"mixture": mixture.mean(axis=1), "reconstruction": reconstruction}
    whole = {"mixture": mixture, "reconstruction": np.stack([reconstruction, reconstruction], axis=1)}

    def spectrum(signal: Signal) -> torch.Tensor:
        return stft(torch.from_numpy(np.ascontiguousarray(signal.T)), 1024, edges)

    share = spectrum(steered[:, None]).abs() / torch.maximum(
        spectrum(steered[:, None]).abs(), spectrum(mono[against][:, None]).abs()
    )
    expected = istft(share * spectrum(whole[on]), 1024, len(mixture)).T.numpy()
    np.testing.assert_allclose(found, expected, atol=1e-5)
    np.testing.assert_allclose(found + rest, whole[on], atol=1e-6)


def test_one_size_alone_can_make_the_stem(mixture_of: MakeMixture) -> None:
    mixture = mixture_of(noise(10, 50000, 2), noise(11, 50000) / 2, 48000)
    found = joined(masked_blocks(mixture, sized(2048, 512), MaskedStem(fft_size=512), MODEL_RATE))[0]
    assert np.array_equal(found, stem_of(mixture, (512,)))


def test_a_reconstruction_that_is_not_there_is_noticed(mixture_of: MakeMixture) -> None:
    settings = RatioMask(applied_to="reconstruction")
    with pytest.raises(ValueError, match="needs the reconstruction"):
        next(masked_blocks(mixture_of(noise(1, 5000, 1), noise(2, 5000), MODEL_RATE), settings, STEM, MODEL_RATE))


def test_the_residual_is_what_the_mask_takes_away(mixture_of: MakeMixture) -> None:
    mixture = mixture_of(noise(12, 5000, 2), noise(13, 5000) / 2, MODEL_RATE)
    passed, left = joined(masked_blocks(mixture, sized(512), STEM, MODEL_RATE))
    stem, other = joined(residual_blocks(mixture, sized(512), ResidualStem(), MODEL_RATE))
    assert np.array_equal(stem, left)
    assert np.array_equal(other, passed)
