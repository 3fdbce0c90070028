"""Ascents that take milliseconds: a small random codec, a tagger that compares two bands, two tones."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from stemsteer.generators.jukebox.generator import JukeboxGenerator
from stemsteer.generators.jukebox.vqvae import VQVAE, Architecture
from stemsteer.settings.run import RunSettings
from stemsteer.steering.ascent import Listener, Steering
from stemsteer.taggers.base import Tagger
from stemsteer.taggers.labels import VocabularyLabels
from stemsteer.taggers.vocabularies import Vocabulary

RATE = 44100


class BandTagger(Tagger):
    """Two tags, `low` and `high`: how much of a window's energy lies below and above 1 kHz."""

    labels = VocabularyLabels(Vocabulary("bands", ("low", "high")))
    window_seconds = 0.1
    name = "bands"
    fingerprint = "bands"
    licence = "MIT"

    def window_logits(self, windows: Tensor) -> Tensor:
        energy = torch.fft.rfft(windows).abs().square()
        low, high = energy[:, 1:100].sum(dim=1), energy[:, 100:].sum(dim=1)
        ratio = (low + 1e-6).log() - (high + 1e-6).log()
        return torch.stack([ratio, -ratio], dim=1)


def small_vqvae() -> VQVAE:
    """Random weights, and codes that are frames of noise; float32."""
    torch.manual_seed(11)
    vqvae = VQVAE(Architecture(width=8, depth=2, latent_channels=4, codes=32))
    audio = torch.randn(1, 8 * 4000)
    with torch.no_grad():
        latents = vqvae.encode(audio)[0]
    vqvae.codebook.k.copy_(latents[:, ::125].T)
    return vqvae


def small_generator(dtype: torch.dtype = torch.float32) -> JukeboxGenerator:
    return JukeboxGenerator(small_vqvae().to(dtype), fingerprint="small", licence="")


def settings(**changes) -> RunSettings:
    return RunSettings.model_validate({"steps": 5, "learning_rate": 0.1, "fft_sizes": [512, 256], **changes})


def tones(frequencies: tuple[float, ...], dtype: torch.dtype = torch.float32, samples: int = 6003) -> Tensor:
    """Their sum at 44.1 kHz, `[1, samples]`; each as loud as the others."""
    time = torch.arange(samples, dtype=dtype) / RATE
    waves = [0.4 * torch.sin(2 * torch.pi * frequency * time) for frequency in frequencies]
    return torch.stack(waves).sum(dim=0, keepdim=True)


def two_tones(dtype: torch.dtype = torch.float32, samples: int = 6003) -> Tensor:
    return tones((300, 4000), dtype, samples)


@dataclass(frozen=True)
class Excerpt:
    """What one ascent of a batch is about: the frequencies of its tones (Hz), the tags it is steered to, its seed."""

    frequencies: tuple[float, ...]
    tags: tuple[int, ...]
    seed: int = 0


def steering_of(
    excerpts: Sequence[Excerpt], changes: RunSettings, dtype: torch.dtype = torch.float32, samples: int = 6003
) -> Steering:
    """Of a batch, with a codec and a tagger of its own."""
    generator = small_generator(dtype)
    listener = Listener(BandTagger(), [excerpt.tags for excerpt in excerpts], generator.sample_rate, changes).to(dtype)
    mixtures = torch.cat([tones(excerpt.frequencies, dtype, samples) for excerpt in excerpts])
    return Steering(mixtures, generator, [listener], changes, [excerpt.seed for excerpt in excerpts])


def steering(changes: RunSettings, tag: int = 0, dtype: torch.dtype = torch.float32) -> Steering:
    return steering_of([Excerpt((300, 4000), (tag,))], changes, dtype)


class Scripted(Steering):
    """Of tones, with given losses: a row of them for each time that a batch is heard.

    Attributes:
        heard: the steered signals `[batch, samples]`, each time.
    """

    def __init__(self, losses: Sequence[Sequence[float]], changes: RunSettings) -> None:
        batch = len(losses[0])
        super().__init__(torch.cat([two_tones()] * batch), small_generator(), [], changes, [0] * batch)
        self.script = iter(losses)
        self.heard: list[Tensor] = []

    def loss(self, steered: Tensor) -> tuple[Tensor, Tensor]:
        self.heard.append(steered.detach().clone())
        losses = torch.tensor(next(self.script), dtype=steered.dtype)
        # Its gradient is that of the energy, whatever its value.
        energy = steered.square().mean(dim=1)
        return losses + (energy - energy.detach()), losses
