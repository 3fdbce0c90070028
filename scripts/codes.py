"""Encode a track with a codec: its codes, and how well they reproduce it."""

from pathlib import Path

from stemsteer.errors import told_in_log
from stemsteer.generators.settings import CodecWeights
from stemsteer.stages.codes import encode

if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0], track=job.params.track):
        encode(
            Path(job.input.mono),
            CodecWeights.model_validate(job.params.codec),
            job.params.device,
            job.threads,
            codes_out=Path(job.output.codes),
            quality_out=Path(job.output.quality),
        )
