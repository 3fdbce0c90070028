"""What the jobs of a track ask of a machine: memory and time that grow with its length, and with every further attempt.

The figures are meant for the worst of what users have; a job for which they are too low is tried again with more.
"""

import math
import os
from functools import cache
from pathlib import Path

from stemsteer.settings.run import RunSettings
from stemsteer.settings.tracks import AUDIO, Track

MODEL_BYTES_A_SECOND = 4 * 44100
"""Of the mono signal: float32 at 44.1 kHz, mono."""

LEAST_BYTES_A_SECOND = {".aif": 88_200, ".aiff": 88_200, ".w64": 88_200, ".wav": 88_200, ".flac": 40_000}
"""Of files as users have them; of formats that are not here, `LEAST_LOSSY` (96 kbit/s)."""

LEAST_LOSSY = 12_000
UNKNOWN_SECONDS = 600.0

CPU_PACE, GPU_PACE = 1.0, 20.0
"""Seconds of audio x steps that steering takes in a second at least, with a codec of Jukebox's size and two taggers,
on one core and on a GPU of some years ago. A slower machine gets another attempt, which goes on where this one stopped.
"""


NVIDIA_GPU = Path("/dev/nvidia0")


def computes_on_gpu(device: str) -> bool:
    """Whether jobs with this `device` of the config compute on a GPU of this machine.

    PyTorch, which would know, takes seconds to load.
    """
    return device.startswith(("cuda", "mps")) or (device == "auto" and NVIDIA_GPU.exists())


def track_seconds(track: Track, mono_signal: Path) -> float:
    """A track's length: of its mono signal once that is there, until then as much as its file may hold."""
    try:
        return os.stat(mono_signal).st_size / MODEL_BYTES_A_SECOND
    except FileNotFoundError:
        return _longest(track.mixture, track.duration)


@cache
def _longest(mixture: str, duration: float | None) -> float:
    bounds = [] if duration is None else [duration]
    suffix = Path(mixture).suffix.lower()
    if suffix in AUDIO and os.path.exists(mixture):
        bounds.append(Path(mixture).stat().st_size / LEAST_BYTES_A_SECOND.get(suffix, LEAST_LOSSY))
    return min(bounds, default=UNKNOWN_SECONDS)


def megabytes(base: float, each_second: float, seconds: float, attempt: int) -> int:
    """Memory: so much for a job and for each second of audio, twice as much at every further attempt."""
    return math.ceil(base + each_second * seconds) * 2 ** (attempt - 1)


def minutes(base: float, work: float, attempt: int) -> int:
    """Time: so many minutes for a job and so many seconds of work, twice as much at every further attempt."""
    return math.ceil(base + work / 60) * 2 ** (attempt - 1)


def steering_seconds(settings: RunSettings, seconds: float, sources: int, on_gpu: bool) -> float:
    """How long steering a track to so many sources may take."""
    pace = GPU_PACE if on_gpu else CPU_PACE * settings.steering.threads
    steering = settings.steering
    steps = steering.most_steps * (1 if steering.solves_sources_together else sources)
    return seconds * steps * steering.hearings_of_a_step * max(1, len(settings.taggers.names) / 2) / pace


def steering_megabytes(settings: RunSettings, seconds: float, batch: int) -> float:
    """What the steps of so many chunks at once keep in memory, the weights of generator and taggers included."""
    return 2000 + 200 * batch * min(seconds, settings.steering.chunk_seconds)
