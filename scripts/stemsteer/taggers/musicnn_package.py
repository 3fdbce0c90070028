"""What the four taggers of the Python package musicnn have in common: their weights, their front end, their layers.

The package (Pons and Serra, "musicnn: pre-trained convolutional neural networks for music audio tagging", 2019,
arXiv 1909.06654; ISC licence) holds its weights as TensorFlow 1 checkpoints. They are read from there; its code,
which needs TensorFlow, is never imported.
"""

import importlib.util
import math
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import skip_init

from stemsteer.errors import UserError
from stemsteer.models import Model, sha256
from stemsteer.taggers.base import Tagger
from stemsteer.taggers.front_end import MelPower
from stemsteer.taggers.tensorflow_checkpoint import read_checkpoint
from stemsteer.vocabularies import load_vocabulary

N_FFT, HOP, MELS = 512, 256, 96
FRAMES = 187  # 3 s, as the package counts them
COMPRESSION = 10_000  # of the mel power, before the logarithm
BATCH_NORM_EPSILON = 1e-3  # TensorFlow's

Weights = dict[str, Tensor]
Norm = TypeVar("Norm", nn.BatchNorm1d, nn.BatchNorm2d)


class MusicnnTagger(Tagger):
    """One of the package's networks behind its front end.

    The package computes one spectrogram of the whole signal, frames centred on every 256th sample, and cuts it into
    patches of 187 frames: the first frame of a patch reaches half a frame back. It also rounds the mel power to
    float16, which we do not: that changes no probability by more than 1e-4, and rounding has no gradient.
    """

    window = FRAMES * HOP
    context = N_FFT // 2

    def __init__(self, name: str, model: Model, network: nn.Module, fingerprint: str) -> None:
        super().__init__()
        self.name = name
        self.vocabulary = load_vocabulary(model.vocabulary or "")
        self.licence = model.licence
        self.fingerprint = fingerprint
        self.mel_power = MelPower(self.sample_rate, N_FFT, HOP, MELS)
        self.network = network
        self.eval().requires_grad_(False)

    def window_logits(self, windows: Tensor) -> Tensor:
        log_mel = torch.log1p(COMPRESSION * self.mel_power(windows)) / math.log(10)
        logits: Tensor = self.network(log_mel)
        return logits


def read_weights(name: str, model: Model) -> tuple[Weights, str]:
    """The tensors of one of the package's taggers by name, and the sha256 of the file they lie in.

    Raises:
        UserError: the package is not installed, or its files are not the published ones.
    """
    package = importlib.util.find_spec("musicnn")
    if package is None or not package.submodule_search_locations:
        raise UserError(
            f"the tagger {name} needs the package musicnn, which is missing: `pip install --no-deps musicnn==0.1.0`"
        )
    folder = Path(package.submodule_search_locations[0]) / name
    index, data = folder / ".index", folder / ".data-00000-of-00001"
    if not data.is_file() or (fingerprint := sha256(data)) != model.sha256:
        raise UserError(
            f"{data} is missing or not the published file: `pip install --no-deps --force-reinstall musicnn==0.1.0`"
        )
    return read_checkpoint(index, data), fingerprint


class Block(nn.Module):
    """Convolution, rectifier, batch norm and max pooling, computed in the order convolution, pooling, rectifier, norm.

    That is the same, since rectifier and norm act on each number alone and keep their order, and much cheaper, since
    they act on what pooling leaves. Where the norm's scale is negative it turns the order around: there the kernel's
    sign is turned too, so that pooling finds the number that becomes the largest.

    Args:
        weights: of the network.
        name: of the convolution among them.
        norm: number of the batch norm.
        axes: order of the kernel's axes, stored as `[frames, mels, in, out]`, that makes it `[out, in, height, width]`.
        padding: of the convolution, `(height, width)`.
        pool: the pooling.
    """

    def __init__(
        self,
        weights: Weights,
        name: str,
        norm: int,
        axes: tuple[int, int, int, int],
        padding: tuple[int, int] = (0, 0),
        pool: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        super().__init__()
        kernel, bias = weights[f"{name}/kernel"].permute(axes), weights[f"{name}/bias"]
        self.norm = batch_norm(weights, norm, nn.BatchNorm2d)
        self.register_buffer("signs", torch.where(self.norm.weight < 0, -1.0, 1.0).reshape(-1, 1, 1))
        self.signs: Tensor
        self.convolution = skip_init(nn.Conv2d, kernel.shape[1], kernel.shape[0], kernel.shape[2:], padding=padding)
        self.convolution.load_state_dict(
            {"weight": kernel * self.signs[..., None], "bias": bias * self.signs.flatten()}
        )
        self.pool = pool or nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.norm(F.relu(self.signs * self.pool(self.convolution(x))))
        return y


def dense(weights: Weights, name: str) -> nn.Linear:
    """A dense layer; TensorFlow stores its kernel as `[in, out]`."""
    kernel = weights[f"{name}/kernel"].T
    layer = skip_init(nn.Linear, kernel.shape[1], kernel.shape[0])
    layer.load_state_dict({"weight": kernel, "bias": weights[f"{name}/bias"]})
    return layer


def batch_norm(weights: Weights, number: int, kind: type[Norm]) -> Norm:
    """The batch norm that the network created as its `number`th, from 0."""
    name = f"batch_normalization_{number}" if number else "batch_normalization"
    layer = kind(len(weights[f"{name}/gamma"]), eps=BATCH_NORM_EPSILON)
    layer.load_state_dict(
        {
            "weight": weights[f"{name}/gamma"],
            "bias": weights[f"{name}/beta"],
            "running_mean": weights[f"{name}/moving_mean"],
            "running_var": weights[f"{name}/moving_variance"],
            "num_batches_tracked": torch.tensor(0),
        }
    )
    return layer
