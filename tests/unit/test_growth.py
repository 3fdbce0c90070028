"""A codec grown from a smaller one says what that one says, and learns with all it has."""

import pytest
import torch

from stemsteer.generators.jukebox.architecture import Architecture
from stemsteer.generators.jukebox.training.growth import grown
from stemsteer.generators.jukebox.vqvae import VQVAE

SMALL = Architecture(width=6, depth=2, latent_channels=4, codes=16)


@pytest.fixture
def small() -> VQVAE:
    torch.manual_seed(51)
    codec = VQVAE(SMALL)
    codec.codebook.k.normal_()
    return codec


@pytest.mark.parametrize(("width", "depth"), [(6, 2), (10, 2), (6, 4), (10, 4)])
def test_a_larger_codec_says_the_same(small: VQVAE, width: int, depth: int) -> None:
    large = grown(small, Architecture(width, depth, latent_channels=4, codes=16))
    assert large.architecture == Architecture(width, depth, latent_channels=4, codes=16)
    audio = torch.randn(2, 2048, generator=torch.Generator().manual_seed(52))
    latents = small.encode(audio)
    torch.testing.assert_close(large.encode(audio), latents, atol=1e-5, rtol=1e-5)
    quantised = small.quantise(latents)
    torch.testing.assert_close(large.quantise(latents), quantised, atol=0, rtol=0)
    torch.testing.assert_close(large.decode(quantised), small.decode(quantised), atol=1e-5, rtol=1e-5)


def test_all_convolutions_learn_and_old_channels_come_to_listen_to_new_ones(small: VQVAE) -> None:
    large = grown(small, Architecture(width=10, depth=4, latent_channels=4, codes=16))
    optimiser = torch.optim.Adam(large.parameters(), lr=1e-3)
    audio = torch.randn(2, 2048, generator=torch.Generator().manual_seed(53))
    before = {name: parameter.detach().clone() for name, parameter in large.named_parameters()}
    for _ in range(4):
        optimiser.zero_grad()
        (large.decode(large.quantise(large.encode(audio))) - audio).square().mean().backward()
        optimiser.step()
    moved = {name: parameter != before[name] for name, parameter in large.named_parameters()}
    assert all(places.any() for places in moved.values())
    for name, places in moved.items():
        if places.shape[:2] == (10, 10):
            assert places[:6, 6:].any(), name


@pytest.mark.parametrize(
    "shape",
    [
        Architecture(width=5, depth=2, latent_channels=4, codes=16),
        Architecture(width=6, depth=1, latent_channels=4, codes=16),
        Architecture(width=6, depth=2, latent_channels=8, codes=16),
        Architecture(width=6, depth=2, latent_channels=4, codes=32),
        Architecture(width=6, depth=2, halvings=(3, 2), latent_channels=4, codes=16),
    ],
)
def test_what_is_not_larger_cannot_be_grown_into(small: VQVAE, shape: Architecture) -> None:
    with pytest.raises(ValueError, match="cannot grow into"):
        grown(small, shape)
