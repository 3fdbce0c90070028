"""What a run of the workflow will cost: hours of audio, jobs that are left, and how long the ascents will take.

The time comes from ascents that are finished: what a second of audio costs for a step, on the device of those.
"""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from stemsteer.chunks import plan_seconds
from stemsteer.config import RunSettings
from stemsteer.decoding import MODEL_RATE
from stemsteer.errors import UserError
from stemsteer.files import read_json
from stemsteer.plan import Plan, Stem
from stemsteer.probing import probe
from stemsteer.tracks import Track

FILES_AT_ONCE = 8  # whose headers are read
SHOWN = 3  # unreadable tracks that are named


@dataclass(frozen=True)
class Pace:
    """What ascents have cost so far: seconds for a step on a second of audio, from so many records on a device."""

    cost: float
    records: int
    device: str


def audio_seconds(track: Track) -> float | None:
    """The length of a track's excerpt by the header of its file, or nothing where it cannot be read."""
    try:
        header = probe(track.mixture)
    except UserError:
        return None
    whole = header.declared_s or header.container_s
    if whole is None:
        return None
    rest = max(0.0, whole - track.start)
    return rest if track.duration is None else min(rest, track.duration)


def lengths(tracks: Sequence[Track]) -> dict[str, float | None]:
    """`audio_seconds` of every track, by its name."""
    with ThreadPoolExecutor(FILES_AT_ONCE) as threads:
        found = tqdm(threads.map(audio_seconds, tracks), total=len(tracks), desc="reading headers", unit="track")
        return dict(zip([track.track for track in tracks], found, strict=True))


def estimate(stem: Stem, suffix: str) -> Path:
    """A file of an estimate."""
    return Path("results/runs") / stem.run / "estimates" / stem.track / f"{stem.source}{suffix}"


def pace(plan: Plan, run: str) -> Pace | None:
    """What the finished ascents of a run have cost, on the device of the latest one."""
    paths = [path for stem in plan.stems if stem.run == run and (path := estimate(stem, ".json")).exists()]
    if not paths:
        return None
    device = read_json(max(paths, key=lambda path: path.stat().st_mtime))["device"]
    records = [record for path in paths if (record := read_json(path))["device"] == device]
    steered = [chunk for record in records for chunk in record["chunks"]]
    work = sum(chunk["steps"] * (chunk["stop"] - chunk["start"]) / MODEL_RATE for chunk in steered)
    return Pace(sum(chunk["seconds"] for chunk in steered) / work, len(records), device) if work else None


def steered_seconds(seconds: float, settings: RunSettings) -> float:
    """The length of all chunks of a track, which overlap."""
    samples = round(seconds * MODEL_RATE)
    chunks = plan_seconds(samples, MODEL_RATE, settings.chunk_seconds, settings.overlap_seconds)
    return sum(chunk.stop - chunk.start for chunk in chunks) / MODEL_RATE


def jobs_left(plan: Plan) -> Counter[str]:
    """How many jobs of each kind have no output yet."""
    left: Counter[str] = Counter()
    generators = {run.generator for run in plan.config.runs.values()}
    for track in plan.tracks:
        left["decode"] += not Path("results/audio", track, "model.wav").exists()
        left["encode"] += sum(not Path("results/codes", name, f"{track}.json").exists() for name in generators)
    ascents = {
        (stem.run, stem.track, None if plan.config.sources_together else stem.source)
        for stem in plan.stems
        if not estimate(stem, ".json").exists()
    }
    left["ascend"] = len(ascents)
    for stem in plan.stems:
        made = Path("results/runs", stem.run)
        left["stem"] += not (made / "stems" / stem.track / f"{stem.source}.json").exists()
        if stem.source in plan.tracks[stem.track].references:
            left["evaluate"] += not (made / "scores" / stem.track / f"{stem.source}.tsv").exists()
    return left


def forecast(plan: Plan) -> str:
    """The plan in words and numbers, for the terminal."""
    seconds = lengths(list(plan.tracks.values()))
    lines = [about_tracks(seconds), *(about_run(plan, run, seconds) for run in plan.config.runs)]
    jobs = ", ".join(f"{number:,} {kind}" for kind, number in jobs_left(plan).items() if number)
    lines.append(f"jobs left   {jobs or 'none'}")
    lines.append(
        "            (files that are there are taken as done: snakemake -n tells what changed settings repeat)"
    )
    return "\n".join(lines)


def about_tracks(seconds: dict[str, float | None]) -> str:
    """How many tracks there are, how long they are, and which cannot be read."""
    unreadable = [name for name, length in seconds.items() if length is None]
    total = sum(length for length in seconds.values() if length)
    line = f"tracks      {len(seconds):,}, {hours(total)} of audio"
    if unreadable:
        named = ", ".join(unreadable[:SHOWN]) + (", ..." if len(unreadable) > SHOWN else "")
        line += f"; {len(unreadable):,} cannot be read: {named}"
    return line


def about_run(plan: Plan, run: str, seconds: dict[str, float | None]) -> str:
    """How many ascents of a run are left, and for how long they will keep a device busy."""
    stems = [stem for stem in plan.stems if stem.run == run]
    left = [stem for stem in stems if not estimate(stem, ".json").exists()]
    settings = plan.config.runs[run]
    audio = sum(steered_seconds(seconds[stem.track] or 0.0, settings) for stem in left)
    steps = settings.steps
    line = f"run {run}: {len(stems):,} ascents, {len(left):,} left: {hours(audio)} of chunks x {steps} steps"
    if not left:
        return line
    known = pace(plan, run)
    if known is None:
        return f"{line}; how long they take is known when the first ascent of the run is finished"
    time = hours(audio * steps * known.cost)
    return f"{line}; {time} on {known.device}, as measured in {known.records:,} finished ascents"


def hours(seconds: float) -> str:
    """A time in a unit that suits it."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 3600 else f"{seconds / 3600:,.1f} h"
