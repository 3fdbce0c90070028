"""Train a codec, going on from its checkpoint if there is one."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from safetensors.torch import save_file

from stemsteer.devices import choose_device
from stemsteer.files import written_whole
from stemsteer.generators.jukebox.training.optimisation import train
from stemsteer.generators.jukebox.training.settings import CodecTrainingSettings


def train_codec(
    music: Sequence[Path],
    settings: CodecTrainingSettings,
    checkpoint: Path,
    device_name: str,
    *,
    weights_out: Path,
    history_out: Path,
) -> None:
    """Write the weights of a codec (safetensors), and the history of its training as a table."""
    training = train(list(music), settings, checkpoint, choose_device(device_name, settings.threads))
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in training.model.checkpoint().items()}
    with written_whole(weights_out) as part:
        save_file(tensors, part)
    with written_whole(history_out) as part:
        pd.DataFrame(training.history).to_csv(part, sep="\t", index=False, float_format="%.6g")
