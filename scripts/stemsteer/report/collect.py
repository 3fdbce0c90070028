"""What a workflow has made so far, and why the rest is missing.

Only files are read, never Snakemake's own state: so the same facts are found after a run that finished,
one that failed and one that was killed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from stemsteer.report.failures import Failure, ReportedJob
from stemsteer.report.files import Row, if_made, is_made, read_object, read_table
from stemsteer.report.written_plan import WrittenPlan
from stemsteer.scores.metrics import FOR_COMPARISON

Place = tuple[str, str, str]
"""Run, track and source of a stem."""


@dataclass
class StemResult:
    """All that is known of one expected stem."""

    run: str
    track: str
    source: str
    stem: Path | None
    other: Path | None
    history: Path | None
    estimate: Path | None
    """The record of its estimate."""
    record: dict[str, Any]
    """Its provenance, or the record of its estimate where there is no stem yet."""
    scores: list[Row]
    failure: Failure | None = None
    """Why the stem or its scores are missing; None when nothing is."""

    @property
    def steering(self) -> dict[str, Any]:
        """What its record says of the steering."""
        steering: dict[str, Any] = self.record.get("ascent", self.record)
        return steering

    @property
    def warning(self) -> str | None:
        """That the taggers do not hear the source, in a sentence; None where they do."""
        return self.record.get("warning")

    @property
    def trouble(self) -> str | None:
        """The failure in one sentence."""
        if not self.failure:
            return None
        return f"{'Not scored' if self.stem else 'Not made'} because {self.failure.headline}: {self.failure.sentence}"


@dataclass
class SourceResult:
    """One source of a track: its reference, its stems by run, and what they are compared with."""

    name: str
    has_reference: bool
    """Whether a reference was given, readable or not."""
    reference: Path | None
    about_reference: dict[str, Any]
    """What was written of the reference when it was decoded."""
    stems: list[StemResult]
    baselines: list[Row]
    """The score rows of baselines and peers."""

    @property
    def finding(self) -> str | None:
        """What is to be said of the reference's place in the mixture, a sentence without its subject."""
        return self.about_reference.get("finding")

    @property
    def is_doubtful(self) -> bool:
        """Whether scores against the reference mean nothing."""
        return bool(self.about_reference.get("doubtful"))

    @property
    def scores(self) -> list[Row]:
        """All score rows: the runs', the baselines', and once those of mixture and silence, as runs of these names."""
        rows = [*(row for stem in self.stems for row in stem.scores), *self.baselines]
        compared = {row["estimate"]: {**row, "run": row["estimate"]} for row in rows}
        ours = [row for row in rows if row["estimate"] not in FOR_COMPARISON]
        return ours + [compared[name] for name in FOR_COMPARISON if name in compared]


@dataclass
class TrackResult:
    """One track: the decoded mixture and its sources."""

    name: str
    file: str
    """The mixture as the table of tracks names it."""
    mixture: Path | None
    facts: dict[str, Any]
    codecs: dict[str, dict[str, Any]]
    """Quality of each codec's reconstruction of the mixture, by codec."""
    sources: list[SourceResult]


class Collection:
    """Everything that a plan asked for, as it stands on disk."""

    def __init__(self, plan: WrittenPlan) -> None:
        self.plan = plan
        self.layout = plan.layout
        self._failures: dict[tuple[str, tuple[str, ...]], Failure] = {}
        self.tracks = [self._track(entry) for entry in plan.tracks]

    @property
    def failures(self) -> list[Failure]:
        """One entry for each job without a result; jobs that failed come first."""
        return sorted(self._failures.values(), key=lambda failure: not failure.failed)

    @property
    def stems(self) -> Iterator[StemResult]:
        """The expected stems of all runs."""
        return (stem for track in self.tracks for source in track.sources for stem in source.stems)

    @cached_property
    def records_of_baselines(self) -> list[dict[str, Any]]:
        """The provenance of all stems that no run made."""
        places = self._scored(self.plan.compared_with)
        return [record for place in places if (record := read_object(self.layout.provenance(*place)))]

    @cached_property
    def records_of_scores(self) -> list[dict[str, Any]]:
        """What all stems with scores were scored with, so far as it was written down."""
        paths = (self.layout.scores(*place, suffix=".json") for place in self._scored(self.plan.runs_of))
        # What made the stems of baselines and peers scored them too.
        return [record for path in paths if (record := read_object(path))] + self.records_of_baselines

    @property
    def references(self) -> int:
        """How many references were given."""
        return sum(source.has_reference for track in self.tracks for source in track.sources)

    @property
    def doubtful_references(self) -> list[tuple[TrackResult, SourceResult]]:
        """The tracks and sources whose reference is doubtful."""
        return [(track, source) for track in self.tracks for source in track.sources if source.is_doubtful]

    def _scored(self, runs_of: Callable[[str], list[str]]) -> list[Place]:
        """Run, track and source of the stems whose reference was given."""
        return [
            (run, track.name, source.name)
            for track in self.tracks
            for source in track.sources
            if source.has_reference
            for run in runs_of(source.name)
        ]

    @cached_property
    def scores(self) -> list[Row]:
        """The score rows of all sources that have a reference."""
        return [row for track in self.tracks for source in track.sources for row in source.scores]

    @cached_property
    def summary(self) -> list[Row]:
        """Means, medians and intervals by source, run and estimate; empty where they were not computed."""
        return read_table(self.plan.results / "summary.tsv")

    @cached_property
    def comparisons(self) -> list[Row]:
        """Paired differences between runs, by source and measure; empty where they were not computed."""
        return read_table(self.plan.results / "comparisons.tsv")

    def _track(self, entry: dict[str, Any]) -> TrackResult:
        name = entry["track"]
        qualities = {codec: read_object(self.layout.codes(codec, name, ".json")) for codec in self.plan.codecs}
        return TrackResult(
            name=name,
            file=entry["mixture"],
            mixture=if_made(self.layout.audio(name, "mixture.wav")),
            facts=read_object(self.layout.audio(name, "facts.json")),
            codecs={codec: quality for codec, quality in qualities.items() if quality},
            sources=[self._source(name, source, entry.get("references") or {}) for source in entry["sources"]],
        )

    def _source(self, track: str, source: str, references: dict[str, str]) -> SourceResult:
        reference = if_made(self.layout.reference(track, source))
        about_reference = read_object(self.layout.reference(track, source, ".json"))
        stems = [self._stem((run, track, source), source in references) for run in self.plan.runs_of(source)]
        baselines = self._baselines(track, source) if source in references else []
        return SourceResult(source, source in references, reference, about_reference, stems, baselines)

    def _baselines(self, track: str, source: str) -> list[Row]:
        """The score rows of all baselines of a source; a table that is missing is noted as a failure of its job."""
        rows = []
        for name in self.plan.compared_with(source):
            scores = self.layout.scores(name, track, source)
            rows += read_table(scores)
            if not is_made(scores):
                failure = self._failure(self._jobs_of_baseline(name, track, source))
                failure.scores.append((name, track, source))
        return rows

    def _stem(self, place: Place, has_reference: bool) -> StemResult:
        scores, estimate = self.layout.scores(*place), self.layout.estimate(*place, ".json")
        stem = StemResult(
            *place,
            stem=if_made(self.layout.stem(*place)),
            other=if_made(self.layout.other(*place)),
            history=if_made(self.layout.estimate(*place, ".history.tsv")),
            estimate=if_made(estimate),
            record=read_object(self.layout.provenance(*place)) or read_object(estimate),
            scores=read_table(scores),
        )
        jobs = self._jobs(place, has_reference)
        if stem.stem is None:
            stem.failure = self._failure([job for job in jobs if not job.only_for_scores])
            stem.failure.stems.append(place)
        elif has_reference and not is_made(scores):
            stem.failure = self._failure(jobs)
            stem.failure.scores.append(place)
        return stem

    def _jobs(self, place: Place, has_reference: bool) -> list[ReportedJob]:
        """The jobs that lead to one scored stem, in the order in which they run."""
        run, track, source = place
        jobs = [self._decode(track)]
        if codec := self.plan.codec_of(run):
            jobs.append(ReportedJob.of(self.layout.encode(codec, track)))
        jobs.append(ReportedJob.of(self.layout.steer(run, track, [source])))
        jobs.append(ReportedJob.of(self.layout.make_stems(run, track, [source]), self.layout.stem(*place)))
        if has_reference:
            jobs.append(self._decode_reference(track, source))
        return [*jobs, ReportedJob.of(self.layout.evaluate(*place))]

    def _jobs_of_baseline(self, name: str, track: str, source: str) -> list[ReportedJob]:
        """The jobs that lead to a baseline's scores: one job makes all but the peers'."""
        jobs = [self._decode(track)]
        if name in self.plan.peers:
            made = self.layout.run_peer(name, track, source)
        else:
            jobs += (ReportedJob.of(self.layout.encode(codec, track)) for codec in self.plan.codecs)
            made = self.layout.make_baselines([name], track, source)
        return [*jobs, self._decode_reference(track, source), ReportedJob.of(made)]

    def _decode(self, track: str) -> ReportedJob:
        return ReportedJob.of(self.layout.decode(track), self.layout.audio(track, "mixture.wav"))

    def _decode_reference(self, track: str, source: str) -> ReportedJob:
        return ReportedJob.of(self.layout.decode_reference(track, source), self.layout.reference(track, source))

    def _failure(self, jobs: list[ReportedJob]) -> Failure:
        """The job to blame for a missing last output: the first that failed, else the first without its output."""
        missing = [job for job in jobs if job.missing]
        blamed = next((job for job in missing if job.error), missing[0])
        return self._failures.setdefault((blamed.rule, blamed.wildcards), Failure(blamed))
