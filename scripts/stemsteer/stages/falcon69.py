"""Unpack the MUSDB18 excerpt in the package stempeg: four sources and, as the mixture, their sum.

The file's own mixture stream is coded lossily on its own, and differs from the sum by -15.8 dB. An evaluation needs
sources that add up to the mixture. The recording is CC BY-NC-SA 3.0 (The Easton Ellises): it is unpacked on the user's
machine and never distributed.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from stemsteer.sound import audio
from stemsteer.sound.ffmpeg import put_on_path

STREAMS = ("drums", "bass", "other", "vocals")
"""The sources in the order of the file's streams, of which the first is the lossy mixture."""


def unpack_falcon69(*, mixture_out: Path, sources_out: Mapping[str, Path]) -> None:
    """Write the mixture and its sources as float32 wav.

    Args:
        mixture_out: the sum of all sources.
        sources_out: a file for each of `STREAMS`.
    """
    put_on_path()
    import stempeg  # looks for ffmpeg when it is imported

    signals, rate = stempeg.read_stems(stempeg.example_stem_path(), dtype=np.float32)
    sources = dict(zip(STREAMS, signals[1:].astype(np.float32), strict=True))
    for name, signal in sources.items():
        audio.write(sources_out[name], signal, rate)
    audio.write(mixture_out, sum(sources.values()), rate)
