"""The VQ-VAE's way through two-dimensional convolutions against its own."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import pytest
import torch
from torch import Tensor

from stemsteer.generators.jukebox.architecture import Architecture
from stemsteer.generators.jukebox.training import planar
from stemsteer.generators.jukebox.vqvae import VQVAE

SAMPLES = 2048
LEVELS = {"bottom": (3,), "middle": (2, 1)}
# Power of the difference over power, rooted: bfloat16 has 8 bits, and its errors add up from layer to layer.
PRECISIONS = {
    "single": (nullcontext, 1e-5),
    "half": (lambda: torch.autocast("cpu", torch.bfloat16), 0.05),
}


@pytest.fixture(params=LEVELS.values(), ids=LEVELS)
def model(request: pytest.FixtureRequest) -> VQVAE:
    torch.manual_seed(41)
    return VQVAE(Architecture(width=8, depth=3, halvings=request.param, latent_channels=6, codes=16))


@pytest.fixture(params=PRECISIONS.values(), ids=PRECISIONS)
def precision(request: pytest.FixtureRequest) -> tuple[Callable[[], AbstractContextManager], float]:
    return request.param


def test_latents_audio_and_gradients_are_those_of_the_plain_way(
    model: VQVAE, precision: tuple[Callable[[], AbstractContextManager], float]
) -> None:
    context, tolerance = precision
    random = torch.Generator().manual_seed(42)
    audio = torch.randn(2, SAMPLES, generator=random)
    frames = torch.randn(2, 6, SAMPLES // 8, generator=random)
    weights_of_latents, weights_of_audio = (torch.randn(s.shape, generator=random) for s in (frames, audio))

    def outcome(encode: Callable[[Tensor], Tensor], decode: Callable[[Tensor], Tensor]) -> list[Tensor]:
        model.zero_grad()
        latents, decoded = encode(audio), decode(frames)
        ((latents * weights_of_latents).sum() + (decoded * weights_of_audio).sum()).backward()
        gradient = torch.cat([weight.grad.flatten() for weight in model.parameters() if weight.grad is not None])
        return [latents.detach(), decoded.detach(), gradient]

    expected = outcome(model.encode, model.decode)
    with context():
        found = outcome(lambda signal: planar.encode(model, signal), lambda latents: planar.decode(model, latents))
    assert len(found[2]) == sum(weight.numel() for weight in model.parameters())
    for one, other in zip(found, expected, strict=True):
        assert one.shape == other.shape
        assert (one.float() - other).norm() <= tolerance * other.norm()
