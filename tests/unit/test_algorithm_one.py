"""The ready-made run `tagbox-paper` against Algorithm 1 written out plainly (`tests/algorithm_one.py`)."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from torch import Tensor

from algorithm_one import algorithm_one
from groups import grouped
from reference_vqvae import reference_vqvae
from small_problems import solved
from stemsteer.generators.jukebox.codec import JukeboxCodec
from stemsteer.generators.jukebox.vqvae import from_checkpoint
from stemsteer.masking.separation import Signals, masked_blocks
from stemsteer.settings.run import RunSettings
from stemsteer.sound.chunks import Chunk
from stemsteer.stages.steer import method_settings
from stemsteer.steering.gradient import GradientSteering
from stemsteer.steering.method import Method
from stemsteer.steering.problem import Problem, Wanted
from stemsteer.taggers.loading import load_tagger

RATE = 44100
SAMPLES = 4410  # not a whole number of the codec's hops, nor of the masks'
WANTED = [5, 11, 41]
STEPS = 4


@pytest.fixture
def codec() -> Any:
    """jukebox-infer's VQ-VAE with random weights, its codes being latents, so that every frame has a near one."""
    torch.manual_seed(51)
    reference = reference_vqvae((1,)).double().eval().requires_grad_(False)
    noise = torch.randn(1, 1, 8 * 2048, dtype=torch.float64)
    reference.bottleneck.level_blocks[0].k.copy_(reference.encoders[0](noise)[-1][0].T)
    return reference


@pytest.fixture
def mixture() -> Tensor:
    samples, _ = soundfile.read(Path(__file__).parents[1] / "data" / "feelings_16khz.flac", frames=SAMPLES)
    return torch.from_numpy(samples / np.abs(samples).max())


def test_the_run_is_algorithm_one(codec: Any, mixture: Tensor, tmp_path: Path) -> None:
    settings = RunSettings.model_validate(grouped(preset="tagbox-paper", names=["MTT_musicnn"], steps=STEPS))
    tagger = load_tagger("MTT_musicnn", dtype=torch.float64)

    def probabilities(audio: Tensor) -> Tensor:
        """One window of the tagger: the audio, silence up to its end, and what the first frame reaches back to."""
        window = torch.cat([audio.new_zeros(256), audio, audio.new_zeros(47872 - len(audio))])
        return torch.sigmoid(tagger.window_logits(window[None])[0])

    rate = settings.steering.learning_rate
    expected = algorithm_one(mixture, codec, probabilities, WANTED, settings.mask.fft_sizes, rate, STEPS)

    generator = JukeboxCodec(from_checkpoint(codec.state_dict(), level=0), fingerprint="", licence="").double()
    wanted = Wanted("source", {tagger.name: WANTED}, seed=0)
    problem = Problem(Chunk(0, 0, SAMPLES), mixture.numpy(), RATE, 0, (wanted,))
    method = Method(method_settings(settings), generator, [tagger])
    (ascended,) = solved(GradientSteering(settings.steering, method).begin([problem]))
    found = [moment.loss for moment in ascended.history]
    assert found == pytest.approx(expected.losses, rel=1e-9)
    assert abs(found[-1] - found[0]) > 1e-3

    signals = Signals(tmp_path / "mixture.wav", tmp_path / "steered.wav")
    soundfile.write(signals.mixture, mixture.numpy(), RATE, "FLOAT")
    soundfile.write(signals.steered, ascended.audio.numpy(), RATE, "FLOAT")
    blocks = masked_blocks(signals, settings.mask, settings.stem, RATE)
    _, residual = (np.concatenate(part)[:, 0] for part in zip(*blocks, strict=True))
    assert settings.parts[0] == "residual"
    np.testing.assert_allclose(residual, expected.residual.numpy(), atol=1e-6)
