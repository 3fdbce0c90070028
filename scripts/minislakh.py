"""Play a MIDI piece of minislakh through its SoundFont, source by source."""

from pathlib import Path

from stemsteer.datasets.general_midi import OTHER, SOURCES
from stemsteer.errors import told_in_log
from stemsteer.stages.minislakh import play_piece

if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        play_piece(
            Path(job.input.piece),
            Path(job.input.sounds),
            mixture_out=Path(job.output.mixture),
            sources_out={source: Path(job.output[source]) for source in (*SOURCES, OTHER)},
        )
