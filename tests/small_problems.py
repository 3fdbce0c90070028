"""Problems that are solved in milliseconds: a small random codec, a tagger that compares two bands, two tones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from groups import grouped
from stemsteer.generators.base import Generator
from stemsteer.generators.jukebox.architecture import Architecture
from stemsteer.generators.jukebox.codec import JukeboxCodec
from stemsteer.generators.jukebox.vqvae import VQVAE
from stemsteer.settings.run import RunSettings
from stemsteer.sound.chunks import Chunk
from stemsteer.stages.steer import method_settings
from stemsteer.steering.base import Steered, solve
from stemsteer.steering.gradient import GradientSolver, GradientSteering
from stemsteer.steering.method import Method
from stemsteer.steering.problem import Problem, Wanted
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


def small_generator(dtype: torch.dtype = torch.float32, codebook: str = "frozen") -> JukeboxCodec:
    codec = JukeboxCodec(small_vqvae(), fingerprint="small", licence="").to(dtype)
    codec.codebook = codebook
    return codec


def settings(**changes: Any) -> RunSettings:
    """Of a run, by single settings and whole groups; without a mask, the stem is the steered signal."""
    if changes.get("mask") == {"kind": "none"}:
        changes = {"stem": {"kind": "steered"}, **changes}
    else:
        changes = {"fft_sizes": [512, 256], **changes}
    return RunSettings.model_validate(grouped(**{"steps": 5, "learning_rate": 0.1, **changes}))


WITHOUT_MASK: Mapping[str, Any] = {"mask": {"kind": "none"}}


def tones(frequencies: tuple[float, ...], dtype: torch.dtype = torch.float32, samples: int = 6003) -> Tensor:
    """Their sum at 44.1 kHz, `[1, samples]`; each as loud as the others."""
    time = torch.arange(samples, dtype=dtype) / RATE
    waves = [0.4 * torch.sin(2 * torch.pi * frequency * time) for frequency in frequencies]
    return torch.stack(waves).sum(dim=0, keepdim=True)


def two_tones(dtype: torch.dtype = torch.float32, samples: int = 6003) -> Tensor:
    return tones((300, 4000), dtype, samples)


@dataclass(frozen=True)
class Excerpt:
    """A problem with one source: the frequencies of its tones (Hz), the tags it is steered to, its seed."""

    frequencies: tuple[float, ...]
    tags: tuple[int, ...]
    seed: int = 0

    def problem(self, index: int, dtype: torch.dtype, samples: int, labels: Mapping[str, Sequence[int]]) -> Problem:
        """As chunk `index` of a track."""
        mixture = tones(self.frequencies, dtype, samples)[0].numpy()
        return Problem(Chunk(index, 0, samples), mixture, RATE, 0, (Wanted(f"excerpt {index}", labels, self.seed),))


def method_of(
    changes: RunSettings,
    taggers: Sequence[Tagger],
    generator: Generator | None = None,
    dtype: torch.dtype = torch.float32,
) -> Method:
    """With a codec of its own, unless there is a generator."""
    generator = generator or small_generator(dtype, changes.generator.codebook)
    return Method(method_settings(changes), generator, [tagger.to(dtype) for tagger in taggers])


def solver_of(
    excerpts: Sequence[Excerpt], changes: RunSettings, dtype: torch.dtype = torch.float32, samples: int = 6003
) -> GradientSolver:
    """Of a batch, with a codec and a tagger of its own."""
    method = method_of(changes, [BandTagger()], dtype=dtype)
    problems = [
        excerpt.problem(index, dtype, samples, {BandTagger.name: excerpt.tags})
        for index, excerpt in enumerate(excerpts)
    ]
    return GradientSteering(changes.steering, method).begin(problems)


def solver(changes: RunSettings, tag: int = 0, dtype: torch.dtype = torch.float32) -> GradientSolver:
    """Of one excerpt of two tones."""
    return solver_of([Excerpt((300, 4000), (tag,))], changes, dtype)


def solved(solver: GradientSolver) -> list[Steered]:
    """What each excerpt of a batch comes to."""
    return [steered for (steered,) in solve(solver)]


class Scripted(GradientSolver):
    """Of tones, with given losses: a row of them for each time that a batch is heard.

    Attributes:
        signals: the steered signals `[batch, samples]`, each time.
    """

    def __init__(self, losses: Sequence[Sequence[float]], changes: RunSettings) -> None:
        problems = [Excerpt((300, 4000), ()).problem(index, torch.float32, 6003, {}) for index in range(len(losses[0]))]
        super().__init__(changes.steering, method_of(changes, []), problems)
        self.script = iter(losses)
        self.signals: list[Tensor] = []

    def losses(self, steered: Tensor) -> tuple[Tensor, Tensor]:
        self.signals.append(steered.detach().clone())
        losses = torch.tensor(next(self.script), dtype=steered.dtype)
        # Its gradient is that of the energy, whatever its value.
        energy = steered.square().mean(dim=1)
        return losses + (energy - energy.detach()), losses
