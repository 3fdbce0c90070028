"""Steering by gradient: finite differences, progress, repeatability."""

from typing import Any

import pytest
import torch
from torch import Tensor

from small_problems import WITHOUT_MASK, BandTagger, Excerpt, method_of, settings, solved, solver, two_tones
from stemsteer.steering.gradient import GradientSteering
from stemsteer.steering.keys import chunk_seed


@pytest.mark.parametrize("changes", [{}, WITHOUT_MASK])
def test_the_whole_chains_gradient_is_that_of_finite_differences(changes: dict[str, Any]) -> None:
    """From the quantised latents to the loss; the quantiser itself passes the gradient straight through."""
    chain = solver(settings(**changes), dtype=torch.float64)
    (latents,) = chain.latents.latents
    chain.losses(chain.steered())[0].sum().backward()
    gradient = latents.grad
    assert gradient is not None
    vqvae = chain.latents.codec.vqvae
    quantised = vqvae.quantise(latents).detach()

    def loss(at: Tensor) -> float:
        with torch.no_grad():
            return chain.losses(vqvae.decode(at)[:, : chain.latents.samples])[0].item()

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
    chain = solver(changes, tag)
    history = solved(chain)[0].history
    assert chain.latents.samples == 6003
    assert [moment.step for moment in history] == list(range(41))
    assert history[-1].loss < 0.8 * history[0].loss
    assert history[-1].target_probability > history[0].target_probability


def test_the_steered_signal_is_as_long_as_the_mixture() -> None:
    assert solved(solver(settings(steps=1)))[0].audio.shape == (6003,)


def test_without_steps_the_steered_signal_is_the_reconstruction() -> None:
    chain = solver(settings(steps=0))
    codec, start = chain.latents.codec, chain.latents.start
    with torch.no_grad():
        expected = codec.decode(codec.quantiser("frozen")(start))[0, : chain.latents.samples]
    assert torch.equal(solved(chain)[0].audio, expected)
    assert torch.equal(chain.latents.unsteered()[0], expected)


def test_the_same_steering_twice_gives_the_same_bits() -> None:
    one, other = (solved(solver(settings()))[0] for _ in range(2))
    assert torch.equal(one.audio, other.audio)
    assert one.history == other.history


def test_neither_generator_nor_tagger_changes() -> None:
    chain = solver(settings())
    codec = chain.latents.codec
    before = {name: tensor.clone() for name, tensor in codec.state_dict().items()}
    solved(chain)
    assert all(torch.equal(before[name], tensor) for name, tensor in codec.state_dict().items())
    assert not any(parameter.requires_grad for parameter in codec.parameters())


class OtherTagger(BandTagger):
    name = "other bands"


def test_the_loss_is_the_mean_over_fft_sizes_and_taggers() -> None:
    steered = two_tones() * 0.3

    def losses(taggers: dict[BandTagger, int], *fft_sizes: int) -> Tensor:
        changes = settings(fft_sizes=list(fft_sizes))
        labels = {tagger.name: (tag,) for tagger, tag in taggers.items()}
        problem = Excerpt((300, 4000), ()).problem(0, torch.float32, 6003, labels)
        return GradientSteering(changes.steering, method_of(changes, list(taggers))).begin([problem]).losses(steered)[0]

    taggers = {BandTagger(): 0, OtherTagger(): 1}
    single = [losses({tagger: tag}, size) for tagger, tag in taggers.items() for size in (512, 256)]
    torch.testing.assert_close(losses(taggers, 512, 256), torch.stack(single).mean(dim=0))


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
