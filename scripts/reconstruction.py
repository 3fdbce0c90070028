"""Decode a track's codes: what a codec makes of the track without any steering."""

from pathlib import Path

from stemsteer.errors import told_in_log
from stemsteer.generators.settings import CodecWeights
from stemsteer.stages.codes import decode_codes

if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0], track=job.params.track):
        decode_codes(
            Path(job.input.mono),
            Path(job.input.codes),
            CodecWeights.model_validate(job.params.codec),
            job.params.device,
            job.threads,
            reconstruction_out=Path(job.output.reconstruction),
        )
