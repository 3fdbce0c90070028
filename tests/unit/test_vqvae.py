"""Our VQ-VAE against jukebox-infer's, with the official hyper-parameters and random weights of one state dict."""

from pathlib import Path

import pytest
import torch
from jukebox_infer.vqvae.vqvae import VQVAE as ReferenceVQVAE
from safetensors.torch import load_file

from reference_vqvae import SAMPLES, reference_vqvae
from stemsteer.errors import UserError
from stemsteer.generators.jukebox.architecture import Architecture
from stemsteer.generators.jukebox.codec import load_jukebox
from stemsteer.generators.jukebox.vqvae import VQVAE, from_checkpoint
from stemsteer.models.weights import find

LEVELS = (0, 1, 2)


@pytest.fixture(scope="module")
def reference() -> ReferenceVQVAE:
    torch.manual_seed(7)
    model = reference_vqvae(multipliers=(2, 1, 1))
    # Codes near the latents of noise, so that many of them are chosen.
    noise = torch.randn(1, 1, 128 * 400) * 0.1
    for encoder, block in zip(model.encoders, model.bottleneck.level_blocks, strict=True):
        with torch.no_grad():
            latents = encoder(noise)[-1]
        block.k.copy_(latents.mean(dim=2) + latents.std(dim=2) * torch.randn_like(block.k))
        block.init = True
    return model.eval()


@pytest.fixture(scope="module")
def audio() -> torch.Tensor:
    return torch.randn(2, SAMPLES, generator=torch.Generator().manual_seed(8)) * 0.1


@pytest.mark.parametrize("level", LEVELS)
def test_latents_codes_and_audio_equal_the_reference(
    reference: ReferenceVQVAE, audio: torch.Tensor, level: int
) -> None:
    ours = from_checkpoint(reference.state_dict(), level)
    with torch.no_grad():
        latents = ours.encode(audio)
        expected_latents = reference.encoders[level](audio[:, None])[-1]
        codes = ours.codebook.nearest(latents)
        expected_codes = reference.encode(audio[..., None], start_level=level, end_level=level + 1)[0]
        decoded = ours.decode(ours.quantise(latents))
        expected = reference.decode([expected_codes], start_level=level, end_level=level + 1)[..., 0]
    torch.testing.assert_close(latents, expected_latents, atol=1e-5, rtol=0)
    assert torch.equal(codes, expected_codes)
    assert len(codes.unique()) > 10
    torch.testing.assert_close(decoded, expected, atol=1e-5, rtol=0)
    assert decoded.shape == audio.shape


@pytest.mark.parametrize("level", LEVELS)
def test_gradients_equal_the_reference(reference: ReferenceVQVAE, audio: torch.Tensor, level: int) -> None:
    ours = from_checkpoint(reference.state_dict(), level)
    target = torch.randn(audio.shape, generator=torch.Generator().manual_seed(9))
    latents = reference.encoders[level](audio[:, None])[-1].detach()

    def gradient(decode) -> torch.Tensor:
        leaf = latents.clone().requires_grad_(True)
        (decode(leaf) * target).sum().backward()
        assert leaf.grad is not None
        return leaf.grad

    def by_reference(leaf: torch.Tensor) -> torch.Tensor:
        quantised = reference.bottleneck.level_blocks[level](leaf, update_k=False)[1]
        return reference.decoders[level]([quantised], all_levels=False)[:, 0]

    expected = gradient(by_reference)
    found = gradient(lambda leaf: ours.decode(ours.quantise(leaf)))
    assert expected.abs().max() > 1e-5
    torch.testing.assert_close(found, expected, atol=1e-5 * expected.abs().max().item(), rtol=0)


def test_the_architecture_is_read_from_the_official_checkpoint(reference: ReferenceVQVAE) -> None:
    shapes = [from_checkpoint(reference.state_dict(), level).architecture for level in LEVELS]
    assert [(shape.width, shape.depth, shape.hop) for shape in shapes] == [(64, 8, 8), (32, 4, 32), (32, 4, 128)]


def test_the_published_file_loads_with_its_module_prefix(
    reference: ReferenceVQVAE, audio: torch.Tensor, tmp_path: Path
) -> None:
    plain, prefixed = tmp_path / "plain.pth.tar", tmp_path / "prefixed.pth.tar"
    torch.save({"model": reference.state_dict(), "step": 1}, plain)
    torch.save({"model": {f"module.{name}": tensor for name, tensor in reference.state_dict().items()}}, prefixed)
    one, other = (load_jukebox(path, level=0, licence="test").encode(audio) for path in (plain, prefixed))
    assert torch.equal(one, other)


def test_our_checkpoint_loads_in_the_reference() -> None:
    torch.manual_seed(3)
    ours = VQVAE(Architecture(width=32, depth=4))
    ours.codebook.k.normal_(0, 0.05)
    reference = reference_vqvae(multipliers=(1,))
    reference.load_state_dict(ours.checkpoint(), strict=True)
    audio = torch.randn(1, 4096) * 0.1
    with torch.no_grad():
        expected = reference.decode(reference.encode(audio[..., None]))[..., 0]
        torch.testing.assert_close(ours.decode(ours.quantise(ours.encode(audio))), expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize(("name", "multiplier"), [("embedded", 1), ("embedded-full", 2)])
def test_an_embedded_codec_is_a_codec_of_the_official_format(name: str, multiplier: int, tmp_path: Path) -> None:
    """Its tensors, saved as the official checkpoint is, load in the reference and give the same codes and audio.

    The official bottom level has a multiplier of 2 for the width and depth of its residual stacks.
    """
    embedded = find(name)
    torch.save({"model": load_file(embedded)}, tmp_path / "vqvae.pth.tar")
    reference = reference_vqvae(multipliers=(multiplier,)).eval()
    reference.load_state_dict(torch.load(tmp_path / "vqvae.pth.tar", weights_only=True)["model"], strict=True)
    ours = load_jukebox(embedded, level=0, licence="")
    time = torch.arange(2 * 44100) / 44100
    chirps = 0.4 * torch.sin(2 * torch.pi * torch.tensor([[100], [400]]) * time * (1 + time))
    with torch.no_grad():
        expected_codes = reference.encode(chirps[..., None])[0]
        expected = reference.decode([expected_codes])[..., 0]
        codes = ours.codes(ours.encode(chirps))
        decoded = ours.decode_codes(expected_codes)
    # A frame that lies between two codes may go to either.
    assert (codes == expected_codes).float().mean() > 0.999
    assert len(codes.unique()) > 200
    torch.testing.assert_close(decoded, expected, atol=1e-5, rtol=0)
    # They are trained: the audio is the chirps'.
    assert (decoded - chirps).square().mean() < 0.05 * chirps.square().mean()


def test_what_lies_beyond_the_receptive_radius_changes_nothing() -> None:
    torch.manual_seed(4)
    model = VQVAE(Architecture(width=8, depth=3, codes=16)).double()
    radius = model.architecture.receptive_radius
    audio = torch.randn(1, 4 * radius, dtype=torch.float64)
    changed = audio.clone()
    changed[:, : radius - 8] += 1
    frame = 2 * radius // 8
    near, far = model.encode(audio)[..., frame:], model.encode(changed)[..., frame:]
    assert torch.equal(near, far)
    latents = torch.randn(1, 64, audio.shape[1] // 8, dtype=torch.float64)
    moved = latents.clone()
    moved[..., : radius // 8 - 1] += 1
    assert torch.equal(model.decode(latents)[:, 2 * radius :], model.decode(moved)[:, 2 * radius :])
    assert not torch.equal(model.decode(latents)[:, : 2 * radius], model.decode(moved)[:, : 2 * radius])


@pytest.mark.parametrize("level", [1, 2])
def test_a_level_that_is_not_there_is_told(level: int) -> None:
    with pytest.raises(UserError, match=f"level {level}"):
        from_checkpoint(VQVAE(Architecture(8, 1)).checkpoint(), level)


def test_another_file_is_no_checkpoint(tmp_path) -> None:
    text = tmp_path / "weights.pth.tar"
    text.write_text("not weights")
    with pytest.raises(UserError, match=r"weights\.pth\.tar.*not a readable checkpoint"):
        load_jukebox(text, level=0, licence="test")
