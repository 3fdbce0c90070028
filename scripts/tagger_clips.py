"""Play scores on the instruments of one player, for the training of taggers."""

from pathlib import Path

import torch

from stemsteer.errors import told_in_log
from stemsteer.stages.tagger_clips import make_clips

if __name__ == "__main__":
    job = globals()["snakemake"]
    torch.set_num_threads(job.threads)
    with told_in_log(job.log[0]):
        make_clips(
            Path(job.input.scores),
            Path(job.input.table),
            job.wildcards.player,
            Path(job.input.package).parent,
            job.params.seed,
            clips_out=Path(job.output[0]),
        )
