"""Tag probabilities and gradients of the nine taggers of sota-music-tagging-models, by their original PyTorch code.

This makes tests/unit/golden/sota_music_tagging.json from tests/data/feelings_16khz.flac. It runs a checkout of the
repository ethman/sota-music-tagging-models (at 2969b12498d9c8efa749d99c3ba7a36487b02d21, with the weights that lie in
it) as it is, in an environment of its own with

    torch==2.13.0 torchaudio==2.11.0 librosa==0.11.0 numpy==2.4.6 scikit-learn pandas fire tqdm soundfile

and never imports stemsteer:

    python tests/golden_scripts/sota_music_tagging.py CHECKOUT AUDIO.flac GOLDEN.json

`published` has probabilities in float32 by the checkout's `MusicTagger`, which cuts the audio into windows and fills up
the last one with zeros. `random` has one window of music with the weights of tests/random_weights.py, in float64, and
the names and shapes of all tensors. Gradients are in float64: in float32 the place of a maximum that a pooling finds
depends on rounding, and with it up to 1e-2 of the gradient. The audio must be at 16 kHz already.
"""

import importlib
import importlib.metadata
import json
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

from random_weights import random_weights

PUBLISHED = {
    # Seconds of the audio, repeated to this length: a whole window and a part of one.
    ("fcn", 29.5): ("mtat", "jamendo", "msd"),
    ("crnn", 29.5): ("mtat", "jamendo", "msd"),
    ("musicnn", 4.5): ("mtat", "jamendo"),
}
GRADIENTS_OF = "mtat"

# Class, its arguments, and samples of a window, as `eval.Predict.get_model` there.
ARCHITECTURES: dict[str, tuple[str, dict[str, str], int]] = {
    "fcn": ("FCN", {}, 29 * 16000),
    "musicnn": ("Musicnn", {}, 3 * 16000),
    "musicnn of msd": ("Musicnn", {"dataset": "msd"}, 3 * 16000),
    "crnn": ("CRNN", {}, 29 * 16000),
    "sample": ("SampleCNN", {}, 59049),
    "se": ("SampleCNNSE", {}, 59049),
    "short": ("ShortChunkCNN", {}, 59049),
    "short_res": ("ShortChunkCNN_Res", {}, 59049),
    "attention": ("CNNSA", {}, 15 * 16000),
    "hcnn": ("HarmonicCNN", {}, 5 * 16000),
}


def main(checkout: Path, audio: Path, golden: Path) -> None:
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    sys.path.insert(0, str(checkout))
    music, _ = soundfile.read(audio, dtype="float64")
    versions = {name: importlib.metadata.version(name) for name in ("torch", "torchaudio", "librosa", "numpy")}
    figures = {
        "audio": audio.name,
        "versions": versions,
        "published": published(music),
        "random": {name: with_random_weights(music, *of) for name, of in ARCHITECTURES.items()},
    }
    golden.write_text(json.dumps(figures) + "\n")


def published(music: np.ndarray) -> dict[str, Any]:
    predict = importlib.import_module("sota_music_taggers.predict")
    figures = {}
    for (architecture, seconds), data_sets in PUBLISHED.items():
        samples = torch.from_numpy(np.resize(music, round(seconds * 16000)))
        for data_set in data_sets:
            tagger = predict.MusicTagger(architecture, data_set)
            tagger.model.eval().requires_grad_(False)
            probabilities = tagger(samples.float())
            figures[f"{architecture}-{data_set}"] = {"seconds": seconds, "probabilities": rounded(probabilities, 7)}
            if data_set == GRADIENTS_OF:
                tagger.model.double()
                figures[f"{architecture}-{data_set}"]["gradient"] = gradient(tagger, samples)
    return figures


def with_random_weights(music: np.ndarray, kind: str, arguments: dict[str, str], window: int) -> dict[str, Any]:
    # In float64 throughout, also where the code makes tensors of the default type.
    torch.set_default_dtype(torch.float32)
    model: nn.Module = getattr(importlib.import_module("sota_music_taggers.model"), kind)(**arguments)
    shapes = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    weights = random_weights(shapes)
    for name, own in model.state_dict().items():
        if name.endswith((".fb", ".window")):  # not random: torchaudio's, to its rounding in float32
            torch.testing.assert_close(weights[name], own, rtol=0, atol=2e-5)
    model.load_state_dict(weights)
    model.double().eval().requires_grad_(False)
    torch.set_default_dtype(torch.float64)
    samples = torch.from_numpy(np.resize(music, window))[None]
    return {
        "probabilities": rounded(model(samples), 9),
        "gradient": gradient(model, samples),
        "tensors": shapes,
    }


def gradient(tagger: Any, samples: Tensor) -> dict[str, Any]:
    """With respect to the audio, of TagBox's loss when every seventh tag is wanted: its norm and 32 of its entries."""
    audio = samples.clone().requires_grad_()
    probabilities = tagger(audio).mean(dim=0)
    wanted = (torch.arange(len(probabilities)) % 7 == 0).to(probabilities.dtype)
    (found,) = torch.autograd.grad(F.binary_cross_entropy(probabilities, wanted), audio)
    entries = found.flatten()[:: found.numel() // 32][:32]
    return {"norm": float(f"{found.norm():.9g}"), "entries": [float(f"{entry:.9g}") for entry in entries]}


def rounded(probabilities: Tensor, digits: int) -> list[list[float]]:
    return probabilities.detach().double().numpy().round(digits).tolist()


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:]))
