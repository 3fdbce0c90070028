"""A track's codes and the quality of what they decode to, block by block, against the whole track at once."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from torch.nn import functional as F

from stemsteer.generators import coding as encoding
from stemsteer.generators.base import Generator
from stemsteer.generators.coding import encode_track
from stemsteer.generators.jukebox.architecture import Architecture
from stemsteer.generators.jukebox.codec import JukeboxCodec
from stemsteer.generators.jukebox.vqvae import VQVAE
from stemsteer.scores import metrics
from stemsteer.sound.audio import Signal
from stemsteer.sound.scaled_signal import MonoSignal

# Hz. Blocks last whole seconds: at this rate they are short.
RATE = 1000
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def generator() -> Generator:
    torch.manual_seed(21)
    vqvae = VQVAE(Architecture(width=8, depth=2, latent_channels=4, codes=512))
    with torch.no_grad():
        latents = vqvae.encode(0.5 * torch.randn(1, 512 * 8))[0]
    vqvae.codebook.k.copy_(latents.T)
    codec = JukeboxCodec(vqvae, fingerprint="", licence="")
    codec.sample_rate = RATE
    return codec


@pytest.fixture
def track(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Signal], MonoSignal]:
    monkeypatch.setattr(encoding, "BLOCK_SECONDS", 1)

    def write(signal: Signal) -> MonoSignal:
        soundfile.write(tmp_path / "mono.wav", signal, RATE, "FLOAT")
        return MonoSignal(tmp_path / "mono.wav")

    return write


def noise(samples: int) -> Signal:
    return np.random.default_rng(22).uniform(-1, 1, samples).astype(np.float32)


@pytest.mark.parametrize("samples", [2, 7, 8, 999, 1000, 1001, 3000, 20321])
def test_blocks_give_the_codes_and_the_quality_of_the_whole(
    generator: Generator, track: Callable[[Signal], MonoSignal], samples: int
) -> None:
    signal = track(noise(samples))
    codes, quality = encode_track(signal, generator)
    whole = torch.from_numpy(signal.read(0, samples))[None]
    with torch.no_grad():
        expected_codes = generator.codes(generator.encode(F.pad(whole, (0, -samples % generator.hop))))
        decoded = generator.decode_codes(expected_codes)[:, :samples]
    assert np.array_equal(codes, expected_codes[0].numpy())
    assert codes.dtype == np.uint16
    assert quality.codes_used == len(set(codes.tolist()))
    assert quality.snr_db == pytest.approx(metrics.snr(whole.T.numpy(), decoded.T.numpy()), abs=1e-4)
    assert quality.si_sdr_db == pytest.approx(metrics.si_sdr(whole.T.numpy(), decoded.T.numpy()), abs=1e-4)


def test_a_silent_track_has_codes_but_no_quality(generator: Generator, track: Callable[[Signal], MonoSignal]) -> None:
    codes, quality = encode_track(track(np.zeros(2500, np.float32)), generator)
    assert len(codes) == -(-2500 // generator.hop)
    assert quality.snr_db is None
    assert quality.si_sdr_db is None
    assert 1 <= quality.codes_used < 512


def test_the_level_of_the_file_changes_nothing(generator: Generator, track: Callable[[Signal], MonoSignal]) -> None:
    loud, quality = encode_track(track(noise(3000)), generator)
    quiet, quality_of_quiet = encode_track(track(noise(3000) / 64), generator)
    assert np.array_equal(loud, quiet)
    assert quality == quality_of_quiet
