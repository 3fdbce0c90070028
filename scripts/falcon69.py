"""Unpack the MUSDB18 excerpt that the package stempeg carries: four sources and, as the mixture, their sum.

The mixture stream of the file is coded lossily on its own and differs from the sum by -15.8 dB; an evaluation needs
sources that add up. The recording is CC BY-NC-SA 3.0 (The Easton Ellises): it is unpacked here, never distributed.
"""

from typing import Any

import numpy as np

from stemsteer.errors import told_in_log
from stemsteer.sound import audio
from stemsteer.sound.ffmpeg import put_on_path

# The streams of a MUSDB18 file, in order; the first is the lossy mixture.
STREAMS = ("drums", "bass", "other", "vocals")


def main(job: Any) -> None:
    put_on_path()
    import stempeg  # looks for ffmpeg when it is imported

    signals, rate = stempeg.read_stems(stempeg.example_stem_path(), dtype=np.float32)
    sources = dict(zip(STREAMS, signals[1:].astype(np.float32), strict=True))
    for name, signal in sources.items():
        audio.write(job.output[name], signal, rate)
    audio.write(job.output.mixture, sum(sources.values()), rate)


if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        main(job)
