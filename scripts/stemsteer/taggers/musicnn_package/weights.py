"""The weights of the package musicnn, TensorFlow 1 checkpoints, read without importing the package."""

import importlib.util
from pathlib import Path

from torch import Tensor

from stemsteer.errors import UserError
from stemsteer.models.registry import TaggerModel
from stemsteer.models.weights import sha256
from stemsteer.taggers.musicnn_package.tensorflow_checkpoint import read_checkpoint

Weights = dict[str, Tensor]


def read_weights(name: str, model: TaggerModel) -> tuple[Weights, str]:
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
