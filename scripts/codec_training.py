"""Train the embedded codec, going on from the checkpoint if there is one."""

from pathlib import Path
from typing import Any

import pandas as pd
from safetensors.torch import save_file

from stemsteer.devices import choose_device
from stemsteer.errors import told_in_log
from stemsteer.files import written_whole
from stemsteer.generators.jukebox.training.settings import CodecTrainingSettings
from stemsteer.generators.jukebox.training.training import train


def main(job: Any) -> None:
    settings = CodecTrainingSettings.model_validate(job.params.settings)
    device = choose_device(job.params.device, settings.threads)
    training = train([Path(path) for path in job.input], settings, Path(job.params.checkpoint), device)
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in training.model.checkpoint().items()}
    with written_whole(job.output.weights) as part:
        save_file(tensors, part)
    with written_whole(job.output.history) as part:
        pd.DataFrame(training.history).to_csv(part, sep="\t", index=False, float_format="%.6g")


if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        main(job)
