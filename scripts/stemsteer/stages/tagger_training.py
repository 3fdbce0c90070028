"""Train a tagger of instruments, going on from its checkpoint if there is one."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file

from stemsteer.datasets.instruments.programs import PROGRAMS, SHARES, labels_of
from stemsteer.files import written_whole
from stemsteer.taggers.instruments.training.examples import ClipTensors, weights_of
from stemsteer.taggers.instruments.training.optimisation import train
from stemsteer.taggers.instruments.training.settings import TaggerTrainingSettings

KEPT_OUT_EVERY = 40
"""One clip in so many is never trained on."""


def train_tagger(
    clips: Sequence[Path],
    settings: TaggerTrainingSettings,
    checkpoint: Path,
    *,
    weights_out: Path,
    history_out: Path,
) -> None:
    """Write the weights of a tagger (safetensors, float16), and the history of its training as a table.

    Args:
        clips: of all players, as `make_clips` writes them.
        settings: of the training.
        checkpoint: where the training goes on from.
        weights_out: with the labels, the width and the window.
        history_out: separated by tabs.
    """
    arrays = [dict(np.load(path)) for path in clips]
    pieces = [_tensors(arrays, part) for part in (_trained_on, _kept_out)]
    del arrays
    training = train(pieces[0], pieces[1], settings, checkpoint)
    state = training.averaged.state_dict()
    tensors = {name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in state.items()}
    facts = {
        "labels": "\t".join(PROGRAMS),
        "width": str(settings.width),
        "window_seconds": str(settings.window_seconds),
    }
    with written_whole(weights_out) as part:
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, part, facts)
    with written_whole(history_out) as part:
        pd.DataFrame(training.history).to_csv(part, sep="\t", index=False, float_format="%.6g")


def _kept_out(number: int) -> NDArray[np.intp]:
    return np.arange(0, number, KEPT_OUT_EVERY)


def _trained_on(number: int) -> NDArray[np.intp]:
    return np.setdiff1d(np.arange(number), _kept_out(number))


def _tensors(arrays: Sequence[dict[str, NDArray[np.float16]]], part: Callable[[int], NDArray[np.intp]]) -> ClipTensors:
    """Those clips of each player that `part` chooses of so many."""
    of_all = {
        name: torch.from_numpy(np.concatenate([some[name][part(len(some[name]))] for some in arrays]))
        for name in ("programs", "magnitudes", "spectra", "activations")
    }
    programs = of_all.pop("programs")
    known = {
        int(program): [float(label in labels_of(int(program))) for label in PROGRAMS] for program in programs.unique()
    }
    labels = torch.tensor([known[int(program)] for program in programs])
    return ClipTensors(**of_all, labels=labels, weights=weights_of(programs, list(SHARES.items())))
