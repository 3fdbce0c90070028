"""Random weights by name and shape, the same wherever they are made: on a reference's side and on ours."""

import zlib
from collections.abc import Mapping

import librosa
import numpy as np
import torch
from torch import Tensor


def random_weights(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """A state dict, float32, with which a network of sota-music-tagging-models is neither saturated nor constant."""
    return {name: torch.from_numpy(np.asarray(_weight(name, shape))) for name, shape in shapes.items()}


def random_mobilenet_weights(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """A state dict, float32, with which a MobileNet of EfficientAT neither explodes nor answers always the same."""
    weights = random_weights(shapes)
    return {name: tensor * 0.7 if name.endswith("running_var") else tensor for name, tensor in weights.items()}


def _weight(name: str, shape: tuple[int, ...]) -> np.ndarray:
    # The numbers of a RandomState are the same in every version of NumPy.
    random = np.random.RandomState(zlib.crc32(name.encode()))
    layer, _, kind = name.rpartition(".")
    if kind == "num_batches_tracked":
        return np.zeros(shape, dtype=np.int64)
    if kind == "window":
        values = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(shape[0]) / shape[0])  # periodic Hann
    elif kind == "fb":
        values = librosa.filters.mel(sr=16000, n_fft=2 * (shape[0] - 1), n_mels=shape[1], htk=True, norm=None).T
    elif kind == "bw_Q":
        values = np.full(shape, 1.3)
    elif layer in ("spec_bn", "hstft_bn") and kind.startswith("running"):  # of decibels
        values = random.uniform(-40, -20, shape) if kind == "running_mean" else random.uniform(400, 900, shape)
    elif kind == "running_var":
        values = random.uniform(1, 3, shape)
    elif len(shape) > 1:
        gain = 0.4 if layer.endswith(("conv_2", "dense2")) else 1  # against growth along residual paths
        values = random.standard_normal(shape) * gain * np.sqrt(2 / np.prod(shape[1:]))
    elif kind == "weight":  # of a norm; some scales are negative
        values = random.normal(1, 0.5, shape)
    else:  # biases and means
        values = random.normal(0, 0.2, shape)
    return values.astype(np.float32)
