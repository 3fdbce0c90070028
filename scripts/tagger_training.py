"""Train a tagger of instruments, going on from the checkpoint if there is one."""

from pathlib import Path

from stemsteer.errors import told_in_log
from stemsteer.stages.tagger_training import train_tagger
from stemsteer.taggers.instruments.training.settings import TaggerTrainingSettings

if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        train_tagger(
            [Path(path) for path in job.input],
            TaggerTrainingSettings.model_validate(job.params.settings),
            Path(job.params.checkpoint),
            weights_out=Path(job.output.weights),
            history_out=Path(job.output.history),
        )
