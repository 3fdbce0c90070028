"""Measures of a codec's quality by hand, and a whole evaluation of a codec whose quality is known."""

import math
import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import soundfile
import torch
from safetensors.torch import save_file

from stemsteer.generators import coding as encoding
from stemsteer.generators.coding import encode_track
from stemsteer.generators.jukebox.architecture import Architecture
from stemsteer.generators.jukebox.codec import JukeboxCodec
from stemsteer.generators.jukebox.training.evaluation import (
    log_spectral_distance,
    log_spectral_distances,
    perplexity,
    reconstruct_unquantised,
)
from stemsteer.generators.jukebox.vqvae import VQVAE
from stemsteer.sound.scaled_signal import MonoSignal

SCRIPT = Path(__file__).parents[2] / "scripts/codec_evaluation.py"


def test_the_perplexity_counts_codes_by_how_often_they_are_chosen() -> None:
    assert perplexity(np.array([7, 7, 7], np.uint16)) == pytest.approx(1)
    assert perplexity(np.array([0, 5, 9, 2000] * 3, np.uint16)) == pytest.approx(4)
    # Shares of 1/2, 1/4, 1/4: 1.5 bits.
    assert perplexity(np.array([1, 1, 2, 3], np.uint16)) == pytest.approx(2**1.5)


def test_the_log_spectral_distance_of_another_level_is_its_difference() -> None:
    noise = torch.randn(44100, generator=torch.Generator().manual_seed(43))
    assert log_spectral_distances(noise, noise).abs().max() == 0
    torch.testing.assert_close(log_spectral_distances(noise, noise / 10), torch.full((87,), 20.0), rtol=1e-3, atol=0)
    torch.testing.assert_close(log_spectral_distances(noise / 2, -noise).mean(), torch.tensor(20 * math.log10(2)))


def test_below_the_floor_all_is_silence() -> None:
    noise = 1e-7 * torch.randn(44100, generator=torch.Generator().manual_seed(44))
    assert log_spectral_distances(noise, 0 * noise).max() == 0
    assert log_spectral_distances(noise * 1e7, 0 * noise).min() > 60


@pytest.fixture
def generator() -> JukeboxCodec:
    """A small codec with random weights."""
    torch.manual_seed(45)
    generator = JukeboxCodec(VQVAE(Architecture(width=4, depth=1, codes=16)), fingerprint="", licence="")
    generator.vqvae.codebook.k.normal_()
    return generator


@pytest.fixture
def signal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MonoSignal:
    """A track that is encoded in two blocks, the first of them a second."""
    monkeypatch.setattr(encoding, "BLOCK_SECONDS", 1)
    audio = np.random.default_rng(46).uniform(-1, 1, 44100 + 5000).astype(np.float32)
    soundfile.write(tmp_path / "track.wav", audio, 44100, "FLOAT")
    return MonoSignal(tmp_path / "track.wav")


def test_a_track_has_the_distance_of_its_blocks(generator: JukeboxCodec, signal: MonoSignal) -> None:
    codes, _ = encode_track(signal, generator)
    whole = generator.decode_codes(torch.from_numpy(codes.astype(np.int64))[None])[0, : signal.samples]
    target = torch.from_numpy(signal.read(0, signal.samples))
    parts = (slice(44100), slice(44100, None))  # a block ends within a hop of a second
    frames = [log_spectral_distances(target[part], whole[part]) for part in parts]
    found = log_spectral_distance(codes, signal, generator)
    assert found == pytest.approx(torch.cat(frames).mean().item(), rel=1e-3)
    assert found > 1


def test_latents_that_no_codebook_touches_decode_as_those_of_the_whole_track(
    generator: JukeboxCodec, signal: MonoSignal
) -> None:
    audio = torch.from_numpy(signal.read(0, signal.samples))[None]
    padded = torch.nn.functional.pad(audio, (0, -signal.samples % generator.hop))
    with torch.no_grad():
        whole = generator.decode(generator.encode(padded))[0, : signal.samples]
    found = reconstruct_unquantised(signal, generator)
    np.testing.assert_allclose(found, whole.numpy(), atol=1e-5, rtol=0)


def test_the_middle_minute_of_every_piece_is_evaluated(tmp_path: Path) -> None:
    torch.manual_seed(47)
    codec = VQVAE(Architecture(width=2, depth=1, codes=4))
    for weight in codec.parameters():
        weight.data.zero_()
    codec.decoder.out.bias.data.fill_(0.5)  # whatever it hears, it gives this
    save_file(codec.checkpoint(), tmp_path / "codec.safetensors")
    # The middle minute is 1, and 0.5 of it is right; before and after it is noise.
    noise = np.random.default_rng(48).integers(-32768, 32767, 44100).astype(np.int16)
    constant = np.full(60 * 44100, 16384, np.int16)
    np.save(tmp_path / "piece.npy", np.concatenate([noise, constant, noise]))
    soundfile.write(tmp_path / "short.wav", np.stack([constant[:8000], constant[:8000]], axis=1), 44100)
    job = SimpleNamespace(
        input=SimpleNamespace(
            weights=tmp_path / "codec.safetensors",
            music=[str(tmp_path / name) for name in ("piece.npy", "short.wav")],
        ),
        output=[tmp_path / "evaluation.tsv"],
        params=SimpleNamespace(device="cpu"),
        log=[tmp_path / "log"],
    )
    runpy.run_path(str(SCRIPT), init_globals={"snakemake": job}, run_name="__main__")
    rows = pd.read_csv(tmp_path / "evaluation.tsv", sep="\t")
    assert list(rows.music) == job.input.music
    assert list(rows.snr_db) == pytest.approx([20 * math.log10(2)] * 2, abs=1e-3)
    assert list(rows.unquantised_snr_db) == list(rows.snr_db)  # no latent counts
    assert list(rows.codes_used) == [1, 1]
    assert list(rows.code_perplexity) == [1, 1]
    assert rows.lsd_db[0] > 0
