"""What becomes of the codebook while latents are steered, against Jukebox's own bottleneck in training."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from jukebox_infer.vqvae import bottleneck
from torch import Tensor

from stemsteer.generators.jukebox.architecture import Architecture
from stemsteer.generators.jukebox.codebook import Codebook
from stemsteer.generators.jukebox.codec import JukeboxCodec
from stemsteer.generators.jukebox.moving_codebook import MovingCodebook
from stemsteer.generators.jukebox.quantisers import ReinitialisedCodebook
from stemsteer.generators.jukebox.vqvae import VQVAE

CODES, CHANNELS, FRAMES = 32, 4, 60


def walk(steps: int, frames: int = FRAMES) -> list[Tensor]:
    """Latents that move a little at every step, as in steering: float64 `[1, channels, frames]` each."""
    random = torch.Generator().manual_seed(41)
    start = torch.randn(1, CHANNELS, frames, dtype=torch.float64, generator=random)
    moves = torch.randn(steps, 1, CHANNELS, frames, dtype=torch.float64, generator=random)
    return [start + 0.5 * moves[:step].sum(dim=0) for step in range(steps)]


@pytest.fixture
def double_by_default() -> Iterator[None]:
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.usefixtures("double_by_default")
def test_a_reinitialised_codebook_is_jukeboxs_in_training(monkeypatch: pytest.MonkeyPatch) -> None:
    """jukebox-infer's bottleneck, left in training mode as TagBox leaves it, with our draws in the place of its own."""
    draws = torch.Generator().manual_seed(7)
    permutation = torch.randperm
    for name in ("broadcast", "all_reduce"):
        monkeypatch.setattr(bottleneck.dist, name, lambda *_: None)  # there is one process
    reference = bottleneck.BottleneckBlock(CODES, CHANNELS, mu=0.99)
    ours = ReinitialisedCodebook(Codebook(CODES, CHANNELS), seed=7)
    in_use = []
    for latents in walk(30):
        with monkeypatch.context() as patched:
            patched.setattr(bottleneck.t, "randperm", lambda number: permutation(number, generator=draws))
            _, expected, _, metrics = reference(latents, update_k=True)
        torch.testing.assert_close(ours(latents), expected, atol=1e-12, rtol=0)
        in_use.append(metrics["usage"])
    assert 0 < min(in_use) < CODES  # both kinds of codes were met: those that move and those that are redrawn


@pytest.fixture
def generator() -> JukeboxCodec:
    torch.manual_seed(42)
    vqvae = VQVAE(Architecture(width=8, depth=1, latent_channels=CHANNELS, codes=CODES)).double()
    vqvae.codebook.k.normal_()
    return JukeboxCodec(vqvae, fingerprint="", licence="")


def test_a_frozen_codebook_stays_and_a_reinitialised_one_is_not_the_generators(generator: JukeboxCodec) -> None:
    before = generator.vqvae.codebook.k.clone()
    frozen, moving = generator.quantiser("frozen"), generator.quantiser("reinit-ema", seed=1)
    for latents in walk(3):
        codes = generator.codes(latents)
        expected = before[codes].permute(0, 2, 1)
        torch.testing.assert_close(frozen(latents), expected, atol=1e-12, rtol=0)
        assert (moving(latents) - expected).abs().max() > 0.1
    assert torch.equal(generator.vqvae.codebook.k, before)


def test_the_first_codes_are_frames_of_the_latents(generator: JukeboxCodec) -> None:
    latents = walk(1)[0]
    quantised = generator.quantiser("reinit-ema", seed=2)(latents)[0].T
    frames = latents[0].T
    distances = (quantised[:, None] - frames[None]).norm(dim=2)
    assert distances.min(dim=1).values.max() < 1e-12
    assert len(quantised.round(decimals=9).unique(dim=0)) == CODES


def test_the_seed_alone_decides_the_draws(generator: JukeboxCodec) -> None:
    latents = walk(1)[0]
    torch.manual_seed(1)
    one = generator.quantiser("reinit-ema", seed=3)(latents)
    torch.manual_seed(2)
    assert torch.equal(generator.quantiser("reinit-ema", seed=3)(latents), one)
    assert not torch.equal(generator.quantiser("reinit-ema", seed=4)(latents), one)


def test_fewer_frames_than_codes_are_copied_with_a_little_noise(generator: JukeboxCodec) -> None:
    latents = walk(2, frames=10)
    quantiser = generator.quantiser("reinit-ema", seed=5)
    for step in latents:
        assert (quantiser(step) - step).abs().max() < 1.5
    first = generator.quantiser("reinit-ema", seed=5)(latents[0])
    assert 0 < (first - latents[0]).abs().max() < 0.05


def test_without_a_codebook_the_decoder_hears_the_latents(generator: JukeboxCodec) -> None:
    latents = walk(1)[0]
    assert torch.equal(generator.quantiser("none")(latents), latents)


@pytest.mark.parametrize("mode", ["frozen", "reinit-ema", "none"])
def test_the_gradient_passes_straight_through(generator: JukeboxCodec, mode) -> None:
    latents = walk(1)[0].requires_grad_(True)
    weights = torch.randn_like(latents)
    (generator.quantiser(mode, seed=6)(latents) * weights).sum().backward()
    assert latents.grad is not None
    assert torch.equal(latents.grad, weights)


def test_a_codebook_is_the_moving_average_of_the_frames_that_chose_it() -> None:
    random = np.random.default_rng(33)
    codebook = torch.tensor(random.standard_normal((3, 2)), dtype=torch.float32)
    counts, sums = np.ones(3), codebook.numpy().astype(np.float64)
    moving = MovingCodebook.start(codebook)
    for _ in range(20):
        frames = random.standard_normal((30, 2)).astype(np.float32)
        # Every code is chosen ten times, so that none falls out of use.
        codes = np.arange(30) % 3
        fresh = torch.full((3, 2), float("nan"))
        used = moving.update(codebook, torch.from_numpy(frames), torch.from_numpy(codes), fresh, 0.9)
        counts = 0.9 * counts + 0.1 * 10
        sums = 0.9 * sums + 0.1 * np.stack([frames[codes == code].sum(axis=0) for code in range(3)])
        assert used == 3
        np.testing.assert_allclose(codebook.numpy(), sums / counts[:, None], atol=1e-5)


def test_a_code_that_nothing_chooses_is_put_on_a_fresh_frame() -> None:
    codebook = torch.tensor([[0.0, 0.0], [100.0, 100.0]])
    moving = MovingCodebook.start(codebook)
    frames = torch.randn(50, 2, generator=torch.Generator().manual_seed(34))
    used = moving.update(codebook, frames, torch.zeros(50, dtype=torch.int64), frames[:2], 0.9)
    assert used == 1
    assert torch.equal(codebook[1], frames[1])
