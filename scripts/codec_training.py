"""Train the embedded codec, going on from the checkpoint if there is one."""

from pathlib import Path

from stemsteer.errors import told_in_log
from stemsteer.generators.jukebox.training.settings import CodecTrainingSettings
from stemsteer.stages.codec_training import train_codec

if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        train_codec(
            [Path(path) for path in job.input],
            CodecTrainingSettings.model_validate(job.params.settings),
            Path(job.params.checkpoint),
            job.params.device,
            weights_out=Path(job.output.weights),
            history_out=Path(job.output.history),
        )
