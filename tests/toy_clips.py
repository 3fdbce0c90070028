"""Clips of two toy instruments, a low one and a high one, which share no mel band."""

import torch

from stemsteer.datasets.instruments.programs import PROGRAMS
from stemsteer.taggers.instruments.front_end import MELS
from stemsteer.taggers.instruments.training.examples import ClipTensors

FRAMES = 40
LOW, HIGH = slice(0, MELS // 2), slice(MELS // 2, MELS)
BANDS = (LOW, HIGH)
"""Where the instrument of each label is heard."""


def toy_clips(number: int, seed: int = 0, components: int = 4, level: float = 1.0) -> ClipTensors:
    """The low and the high instrument take turns; each clip is the sum of its components."""
    random = torch.Generator().manual_seed(seed)
    spectra = torch.rand(number, MELS, components, generator=random)
    spectra[::2, HIGH] = 0
    spectra[1::2, LOW] = 0
    activations = level * (0.1 + torch.rand(number, components, FRAMES, generator=random)) / components
    labels = torch.eye(2)[torch.arange(number) % 2]
    return ClipTensors(spectra @ activations, spectra, activations, labels, torch.ones(number))


def toy_programs(number: int) -> torch.Tensor:
    """General MIDI programs for the clips: a bass, and a flute."""
    low, high = (min(PROGRAMS[label]) for label in ("electric bass", "flute"))
    return torch.tensor([low, high]).repeat(number)[:number]
