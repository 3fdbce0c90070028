"""The ascent: its gradient by finite differences, its progress, its repeatability."""

import pytest
import torch
from torch import Tensor

from small_ascents import BandTagger, settings, small_generator, steering, two_tones
from stemsteer.steering.ascent import Listener, Steering, ascend, chunk_seed


@pytest.mark.parametrize("mask", [True, False])
def test_the_whole_chains_gradient_is_that_of_finite_differences(mask: bool) -> None:
    """From the quantised latents to the loss; the quantiser itself passes the gradient straight through."""
    chain = steering(settings(mask=mask), dtype=torch.float64)
    latents = chain.start.clone().requires_grad_(True)
    chain.loss(chain.steered([latents]))[0].sum().backward()
    gradient = latents.grad
    assert gradient is not None
    vqvae = chain.generator.vqvae
    quantised = vqvae.quantise(latents).detach()

    def loss(at: Tensor) -> float:
        with torch.no_grad():
            return chain.loss(vqvae.decode(at)[:, : chain.samples])[0].item()

    random = torch.Generator().manual_seed(5)
    for _ in range(5):
        direction = torch.randn(latents.shape, dtype=torch.float64, generator=random)
        step = 1e-6
        expected = (loss(quantised + step * direction) - loss(quantised - step * direction)) / (2 * step)
        found = (gradient * direction).sum().item()
        assert found == pytest.approx(expected, rel=1e-5, abs=1e-10)


@pytest.mark.parametrize("tag", [0, 1])
def test_the_wanted_tag_rises_and_the_loss_falls(tag: int) -> None:
    changes = settings(steps=40, learning_rate=0.3)
    chain = steering(changes, tag)
    history = ascend(chain, changes)[0].history
    assert chain.samples == 6003
    assert [moment.step for moment in history] == list(range(41))
    assert history[-1].loss < 0.8 * history[0].loss
    assert history[-1].target_probability > history[0].target_probability


def test_the_steered_signal_is_as_long_as_the_mixture() -> None:
    assert ascend(steering(settings(steps=1)), settings(steps=1))[0].audio.shape == (6003,)


def test_without_steps_the_steered_signal_is_the_reconstruction() -> None:
    chain = steering(settings(steps=0))
    with torch.no_grad():
        expected = chain.generator.decode(chain.generator.quantiser("frozen")(chain.start))[0, : chain.samples]
    assert torch.equal(ascend(chain, settings(steps=0))[0].audio, expected)


def test_the_same_ascent_twice_gives_the_same_bits() -> None:
    one, other = (ascend(steering(settings()), settings())[0] for _ in range(2))
    assert torch.equal(one.audio, other.audio)
    assert one.history == other.history


def test_neither_generator_nor_tagger_changes() -> None:
    chain = steering(settings())
    before = {name: tensor.clone() for name, tensor in chain.generator.state_dict().items()}
    ascend(chain, settings())
    assert all(torch.equal(before[name], tensor) for name, tensor in chain.generator.state_dict().items())
    assert not any(parameter.requires_grad for parameter in chain.generator.parameters())


def test_the_loss_is_the_mean_over_fft_sizes_and_taggers() -> None:
    generator = small_generator()
    listeners = [Listener(BandTagger(), [[tag]], generator.sample_rate, settings()) for tag in (0, 1)]
    steered = two_tones() * 0.3
    single = [
        Steering(two_tones(), generator, [listener], settings(fft_sizes=[size]), [0]).loss(steered)[0]
        for listener in listeners
        for size in (512, 256)
    ]
    both = Steering(two_tones(), generator, listeners, settings(), [0]).loss(steered)[0]
    torch.testing.assert_close(both, torch.stack(single).mean(dim=0))


def test_seeds_differ_by_everything_they_derive_from() -> None:
    names = [
        (0, "run", "track", "vocals", 0),
        (1, "run", "track", "vocals", 0),
        (0, "other", "track", "vocals", 0),
        (0, "run", "other", "vocals", 0),
        (0, "run", "track", "drums", 0),
        (0, "run", "track", "vocals", 1),
    ]
    seeds = [chunk_seed(*name) for name in names]
    assert len(set(seeds)) == len(names)
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert chunk_seed(*names[0]) == seeds[0]
