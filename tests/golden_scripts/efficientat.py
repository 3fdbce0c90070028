"""Logits and gradients of the MobileNets of EfficientAT, by their original PyTorch code, with random weights.

This makes tests/unit/golden/efficientat.json from tests/data/feelings_16khz.flac, whose samples are taken for those of
32 kHz. It runs a checkout of the repository fschmid56/EfficientAT (at a425fdce92572e602a1d5634799bd9f1f2efa806) as it
is, in an environment of its own with

    torch==2.9.1 torchvision==0.24.1 torchaudio==2.9.1 librosa==0.11.0 soundfile

and never imports stemsteer:

    python tests/golden_scripts/efficientat.py CHECKOUT AUDIO.flac GOLDEN.json

The published weights were not at hand. The random ones are those of tests/random_weights.py by name, so that networks
with other names of tensors would have others. Logits are in float32; gradients are in float64, but for the filterbank,
which the original makes in float32.
"""

import importlib
import importlib.metadata
import json
import os
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
from torch import Tensor, nn
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from random_weights import random_mobilenet_weights

WIDTHS = {"mn04": 0.4, "mn10": 1.0}
WINDOW, TEN_SECONDS = 256 * 320, 320_000


def main(checkout: Path, audio: Path, golden: Path) -> None:
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    music, _ = soundfile.read(audio, dtype="float64")
    golden = golden.absolute()
    sys.path.insert(0, str(checkout))
    os.chdir(checkout)  # it reads a list of labels from there
    heard = {
        "music": np.resize(music, WINDOW),
        "noise": np.random.RandomState(0).normal(0, 0.1, WINDOW),
        "ten seconds": np.resize(music, TEN_SECONDS),
    }
    front_end = importlib.import_module("models.preprocess").AugmentMelSTFT().eval()
    names = ("torch", "torchvision", "torchaudio", "numpy")
    figures: dict[str, Any] = {
        "audio": audio.name,
        "versions": {name: importlib.metadata.version(name) for name in names},
        "bands": {name: rounded(front_end(single(samples)).mean(dim=2)) for name, samples in heard.items()},
        "networks": {name: answers(front_end, width, heard) for name, width in WIDTHS.items()},
    }
    golden.write_text(json.dumps(figures) + "\n")


def answers(front_end: nn.Module, width: float, heard: dict[str, np.ndarray]) -> dict[str, Any]:
    model: nn.Module = importlib.import_module("models.mn.model").get_model(width_mult=width)
    shapes = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    model.load_state_dict(random_mobilenet_weights(shapes))
    model.eval().requires_grad_(False)
    return {
        "logits": {name: rounded(model(front_end(single(samples)).unsqueeze(0))[0]) for name, samples in heard.items()},
        "gradient": gradient(front_end, model.double(), heard["music"]),
    }


def single(samples: np.ndarray) -> Tensor:
    return torch.from_numpy(samples).float()[None]


def gradient(front_end: nn.Module, model: nn.Module, samples: np.ndarray) -> dict[str, Any]:
    """With respect to the audio, of the loss when every seventh class is wanted: its norm and 32 of its entries."""
    audio = single(samples).requires_grad_()
    logits = model(front_end(audio).unsqueeze(0).double())[0]
    wanted = (torch.arange(logits.shape[1]) % 7 == 0).to(logits.dtype)[None]
    (found,) = torch.autograd.grad(F.binary_cross_entropy_with_logits(logits, wanted), audio)
    entries = found.flatten()[:: found.numel() // 32][:32]
    return {"norm": float(f"{found.norm():.7g}"), "entries": [float(f"{entry:.7g}") for entry in entries]}


def rounded(tensor: Tensor) -> list[float]:
    return tensor.detach().double().flatten().numpy().round(6).tolist()


if __name__ == "__main__":
    main(*(Path(argument).absolute() for argument in sys.argv[1:]))
