"""How much audio a run of the workflow will still write, and whether there is room for it.

Records, tables, codes and pictures are small beside it. The report's listening copies come on top: flac of 16 bit, so
at most half as much as stems, mixtures and references in float32.
"""

import os
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from heapq import nlargest
from pathlib import Path

from stemsteer.jobs.layout import Job
from stemsteer.jobs.planned import jobs_of_tracks, layout_of
from stemsteer.settings.plan import Plan
from stemsteer.sound.decoding import MONO_RATE

KINDS = {
    "decode": "decoded audio",
    "decode_reference": "references",
    "reconstruction": "reconstructions",
    "steer": "estimates",
    "stem": "stems",
    "baselines": "stems to compare with",
    "peers": "stems to compare with",
}
"""What the audio is that jobs make, by the names of their rules."""

NAMED_AFTER_TRACK = ("decode", "decode_reference", "baselines")
"""The rules whose jobs have the track as their first wildcard; others have it as their second one."""

SAMPLE_BYTES = {"float32": 4, "int24": 3, "int16": 2}
"""Of a sample in each encoding; flac, which takes less, counts as much."""

UNITS = ("kB", "MB", "GB", "TB")


@dataclass(frozen=True)
class Excerpt:
    """The excerpt of a track that is used, as far as it is known.

    Attributes:
        seconds: its length.
        rate: of its file, Hz.
        channels: of its file.
    """

    seconds: float | None
    rate: int | None = None
    channels: int | None = None


@dataclass(frozen=True)
class AudioFile:
    """A file of audio that a job makes.

    Attributes:
        kind: one of `KINDS`.
        track: that it belongs to.
        path: of the file.
        is_mono: whether it is mono at 44.1 kHz; else it has the rate and the channels of the mixture.
        sample_bytes: of a sample.
    """

    kind: str
    track: str
    path: Path
    is_mono: bool = False
    sample_bytes: int = SAMPLE_BYTES["float32"]

    def bytes_of(self, excerpt: Excerpt) -> float | None:
        """How large it is, at most; nothing where that is not known."""
        rate, channels = (MONO_RATE, 1) if self.is_mono else (excerpt.rate, excerpt.channels)
        if excerpt.seconds is None or rate is None or channels is None:
            return None
        return excerpt.seconds * rate * channels * self.sample_bytes


def audio_of(plan: Plan, job: Job) -> list[AudioFile]:
    """The files of audio that a job makes."""
    if job.rule not in KINDS:
        return []
    kind, track = KINDS[job.rule], job.wildcards[0 if job.rule in NAMED_AFTER_TRACK else 1]
    sample_bytes = SAMPLE_BYTES[plan.config.stems.encoding if job.rule == "stem" else "float32"]
    paths = [path for path in (*job.last, *job.others) if path.suffix in (".wav", ".flac")]
    return [AudioFile(kind, track, path, _is_mono(plan, job, path), sample_bytes) for path in paths]


def _is_mono(plan: Plan, job: Job, path: Path) -> bool:
    """Whether a file of a job is a mono signal at 44.1 kHz, whatever the mixture is."""
    if job.rule == "steer":
        return not plan.config.runs[job.wildcards[0]].steering.needs_parts
    return job.rule == "reconstruction" or (job.rule == "decode" and path.name == "mono.wav")


def files_to_keep(plan: Plan) -> Iterator[AudioFile]:
    """All files of audio that are there when everything is done."""
    for job in jobs_of_tracks(plan):
        if job.rule != "steer" or plan.config.keeps_estimates(job.wildcards[0]):
            yield from audio_of(plan, job)


def bytes_while_running(plan: Plan, excerpts: Mapping[str, Excerpt]) -> float:
    """What the jobs that steer need besides while they run.

    These are checkpoints of finished chunks, as large as the estimates, and estimates that go when their stems are
    there. As many jobs run at a time as this machine has cores: they may be the largest ones.
    """
    needed = (_bytes_of_running_job(plan, job, excerpts) for job in jobs_of_tracks(plan) if job.rule == "steer")
    return sum(nlargest(os.cpu_count() or 1, needed))


def _bytes_of_running_job(plan: Plan, job: Job, excerpts: Mapping[str, Excerpt]) -> float:
    left = [file for file in audio_of(plan, job) if not file.path.with_suffix(".json").exists()]
    estimates = sum(file.bytes_of(excerpts[file.track]) or 0.0 for file in left)
    return estimates if plan.config.keeps_estimates(job.wildcards[0]) else 2 * estimates


def about_disk(plan: Plan, excerpts: Mapping[str, Excerpt]) -> str:
    """What there is to write, by kind, and how much is free on the disk of the results; a second line if too little."""
    missing = [file for file in files_to_keep(plan) if not file.path.exists()]
    kinds, unknown = _sizes(missing, excerpts)
    running, free = bytes_while_running(plan, excerpts), free_bytes(layout_of(plan).results)
    phrases = []
    if kinds or not unknown:
        phrases.append(_to_write(kinds, running, at_most=any(file.path.suffix == ".flac" for file in missing)))
    if unknown:
        phrases.append(f"the size of {len(unknown):,} {'track is' if len(unknown) == 1 else 'tracks are'} not known")
    line = f"disk        {'; '.join([*phrases, f'{gigabytes(free)} are free'])}"
    lacking = kinds.total() + running - free
    if lacking <= 0:
        return line
    advice = "make room, or choose a folder on a larger disk with --directory"
    return f"{line}\n            WARNING: the disk is too small by {gigabytes(lacking)}; {advice}"


def _sizes(files: list[AudioFile], excerpts: Mapping[str, Excerpt]) -> tuple[Counter[str], set[str]]:
    """How many bytes files have, by kind, and the tracks of those whose size is not known."""
    kinds: Counter[str] = Counter()
    unknown = set()
    for file in files:
        size = file.bytes_of(excerpts[file.track])
        if size is None:
            unknown.add(file.track)
        else:
            kinds[file.kind] += round(size)
    return +kinds, unknown


def _to_write(kinds: Counter[str], running: float, at_most: bool) -> str:
    while_running = f" and up to {gigabytes(running)} more while jobs run" if running else ""
    if not kinds:
        return f"nothing to write{while_running}"
    named = ", ".join(f"{kind} {gigabytes(size)}" for kind, size in kinds.most_common())
    return f"{'at most ' if at_most else ''}{gigabytes(kinds.total())} to write ({named}){while_running}"


def free_bytes(folder: Path) -> int:
    """What is free on the disk of a folder, which need not be there yet."""
    whole = folder.resolve()
    return shutil.disk_usage(next(path for path in (whole, *whole.parents) if path.exists())).free


def gigabytes(size: float) -> str:
    """A size in bytes in a unit that suits it."""
    value = size / 1000
    for unit in UNITS:
        if value < 999.5 or unit == UNITS[-1]:
            break
        value /= 1000
    return f"{value:.1f} {unit}" if value < 9.95 else f"{value:,.0f} {unit}"
