"""How well the trained codec reproduces music that it never saw."""

from pathlib import Path

from stemsteer.errors import told_in_log
from stemsteer.stages.codec_evaluation import evaluate_codec

if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        music = [Path(path) for path in job.input.music]
        evaluate_codec(Path(job.input.weights), music, job.params.device, table_out=Path(job.output[0]))
