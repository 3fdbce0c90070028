"""Unpack what minislakh is made of: MIDI pieces and a SoundFont."""

from pathlib import Path

from stemsteer.errors import told_in_log
from stemsteer.stages.minislakh import unpack_parts

if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        unpack_parts(pieces_out=[Path(piece) for piece in job.output.pieces], sounds_out=Path(job.output.sounds))
