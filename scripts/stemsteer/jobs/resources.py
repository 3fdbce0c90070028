"""What the jobs of a track ask of a machine: memory and time that grow with its length, and with every further attempt.

The figures are meant for the worst of what users have; a job for which they are too low is tried again with more.
"""

import math
import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from stemsteer.generators.settings import ComponentsSettings
from stemsteer.settings.run import RunSettings
from stemsteer.settings.tracks import Track
from stemsteer.sound.recognition import AUDIO

MODEL_BYTES_A_SECOND = 4 * 44100
"""Of the mono signal: float32 at 44.1 kHz, mono."""

LEAST_BYTES_A_SECOND = {".aif": 88_200, ".aiff": 88_200, ".w64": 88_200, ".wav": 88_200, ".flac": 40_000}
"""Of files as users have them; of formats that are not here, `LEAST_LOSSY` (96 kbit/s)."""

LEAST_LOSSY = 12_000
UNKNOWN_SECONDS = 600.0

CPU_PACE, GPU_PACE = 1.0, 20.0
"""Seconds of audio x steps that steering by gradient takes in a second at least, with a codec of Jukebox's size and two
taggers, on one core and on a GPU of some years ago. A slower machine gets another attempt, which goes on where this one
stopped.
"""

PARTS_COST = 0.0375
"""Seconds that the parts of a second of audio cost for each dictionary: to factorise, to render and to mix them.

Measured on one core of an AMD EPYC (Zen 5) with four dictionaries of 24 components, on stereo at 44.1 kHz.
"""

HEARING_COSTS = {
    ("musicnn-package", "vgg"): 0.0032,
    ("musicnn-package", "musicnn"): 0.0115,
    ("sota-music-tagging", "fcn"): 0.0026,
    ("sota-music-tagging", "musicnn"): 0.0088,
    ("instruments", "cnn"): 0.0006,
    ("efficientat", "mn10"): 0.0021,
    ("efficientat", "mn04"): 0.0008,
}
"""Seconds that it costs a tagger, by its family and architecture, to hear a second of audio; measured on that core.

Those of efficientat are so many times vgg's as they took on another core.
"""

SLOWEST_HEARING = max(HEARING_COSTS.values())
"""That of MTT_musicnn and MSD_musicnn, the slowest taggers that ship; it is taken for taggers not measured, too."""

SLOWER_MACHINES = 4.0
"""How many times as long another machine may take for the same."""


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


def steering_seconds(settings: RunSettings, seconds: float, sources: int, on_gpu: bool, workers: int = 1) -> float:
    """How long steering a track to so many sources may take, with so many workers in the job.

    By perturbation, a job on a GPU gets the time of one on a CPU: nothing has been measured there.
    """
    steering = settings.steering
    if steering.sources_share_answers:
        return SLOWER_MACHINES * _perturbation_seconds(settings, seconds, sources, workers)
    pace = GPU_PACE if on_gpu else CPU_PACE * steering.threads
    steps = steering.most_steps * (1 if steering.solves_sources_together else sources)
    return seconds * steps * steering.hearings_of_a_step * max(1, len(settings.taggers.names) / 2) / pace


def _perturbation_seconds(settings: RunSettings, seconds: float, sources: int, workers: int) -> float:
    """That of a track on the machine that was measured, with the slowest taggers.

    Each worker steers a chunk of its own: the last ones may have none. What more threads save has not been measured.
    """
    longest, overlap = settings.steering.chunk_seconds, settings.steering.overlap_seconds
    chunks = max(1, math.ceil((seconds - overlap) / (longest - overlap)))
    chunk_seconds = (seconds + (chunks - 1) * overlap) / chunks
    hearing_costs = [SLOWEST_HEARING] * len(settings.taggers.names)
    return math.ceil(chunks / workers) * chunk_seconds * perturbation_cost(settings, sources, hearing_costs)


def perturbation_cost(settings: RunSettings, sources: int, hearing_costs: Iterable[float]) -> float:
    """Seconds that one core needs for a second of audio and all its sources, on the machine that was measured.

    Each tagger hears the mixture, the subsets of each dictionary, and of each source what is kept and what is left.

    Args:
        settings: of the run, whose steering is by perturbation.
        sources: how many.
        hearing_costs: of the taggers; see `HEARING_COSTS`.
    """
    generator, steering = settings.generator, settings.steering
    dictionaries = generator.dictionaries if isinstance(generator, ComponentsSettings) else 1
    hearings = 1 + steering.most_steps * steering.hearings_of_a_step * dictionaries + 2 * sources
    return PARTS_COST * dictionaries + hearings * sum(hearing_costs)


def steering_megabytes(settings: RunSettings, seconds: float, batch: int, workers: int) -> float:
    """What the steps of so many chunks at once keep in memory, the weights of generator and taggers included.

    By perturbation, processes of 960 MB with one worker and 1,360 MB with two were measured, with chunks of 12 s in
    stereo at 44.1 kHz.
    """
    base, each_second = (600, 40) if settings.steering.sources_share_answers else (2000, 200)
    return base + each_second * batch * workers * min(seconds, settings.steering.chunk_seconds)


MOST_WORKERS = 4
"""More would take more memory than a laptop has to spare."""

MEMORY_OF_WORKERS = 2500.0
"""MB that the workers of a job may take together."""

WORKER_MEGABYTES, WORKER_MEGABYTES_A_NUMBER = 500.0, 1.05e-4
"""What a chunk takes in steering by perturbation: for itself, and for each number in it (samples x channels).

Measured with chunks of 12 s: 12 s of stereo at 44.1 kHz took 610 MB, of eight channels at 96 kHz 1,450 MB.
"""


def workers_for(jobs: int, cores: int) -> int:
    """How many chunks each of so many jobs steers at the same time, so that no core is idle."""
    return max(1, min(MOST_WORKERS, cores // max(1, jobs)))


def usable_cores() -> int:
    """The cores that this process may use: on a cluster, those that a job was given."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def workers_in_memory(workers: int, numbers: int) -> int:
    """As many of some workers as there is memory for, where a chunk has so many numbers: samples x channels."""
    each = WORKER_MEGABYTES + WORKER_MEGABYTES_A_NUMBER * numbers
    return max(1, min(workers, int(MEMORY_OF_WORKERS / each)))
