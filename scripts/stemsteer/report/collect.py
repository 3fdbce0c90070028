"""What a workflow has made so far, and why the rest is missing.

Only files are read, never Snakemake's own state: so the same facts are found after a run that finished,
one that failed and one that was killed.
"""

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import soundfile

from stemsteer.errors import UserError
from stemsteer.files import read_json
from stemsteer.scores.metrics import FOR_COMPARISON

ERROR_PREFIX = "error: "
AUDIO_SUFFIXES = (".wav", ".flac")
Row = dict[str, str]
"""A row of a table, as text."""


@dataclass(frozen=True)
class Stage:
    """One job of the workflow: the log it writes and the file that proves it ended well."""

    rule: str
    wildcards: tuple[str, ...]
    log: Path
    output: Path

    @property
    def only_for_scores(self) -> bool:
        return self.rule in ("decode_reference", "evaluate", "baselines", "peers")

    @property
    def missing(self) -> bool:
        return not _made(self.output)

    @property
    def error(self) -> str | None:
        """The sentence of the log's last line, where that line is an error and the output is missing."""
        if self.missing and (last := self.last_line()).startswith(ERROR_PREFIX):
            return last.removeprefix(ERROR_PREFIX)
        return None

    def last_line(self) -> str:
        """The last line of the log that is not empty."""
        if not self.log.is_file():
            return ""
        lines = self.log.read_text(encoding="utf-8", errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")


@dataclass
class Failure:
    """A job without a result, and what is missing because of it."""

    stage: Stage
    stems: list[tuple[str, str, str]] = field(default_factory=list)
    """Missing stems as (run, track, source)."""
    scores: list[tuple[str, str, str]] = field(default_factory=list)
    """Stems that exist but were not scored, and baselines without scores, as (run, track, source)."""

    @property
    def failed(self) -> bool:
        """Whether the job failed, rather than never ran or was interrupted."""
        return self.stage.error is not None

    @property
    def headline(self) -> str:
        """What became of the job, such as `decode failed`."""
        job = self.stage.rule.replace("_", " ")
        if self.failed:
            return f"{job} failed"
        return f"{job} did not finish" if self.stage.log.exists() else f"{job} did not run"

    @property
    def sentence(self) -> str:
        """Why, as far as the log tells."""
        if self.stage.error:
            return self.stage.error
        if not self.stage.log.exists():
            return "the workflow stopped before its turn."
        last = self.stage.last_line()
        return f"it still runs, or was interrupted or killed; its log {f'ends with: {last}' if last else 'is empty.'}"


@dataclass
class Stem:
    """All that is known of one expected stem."""

    run: str
    track: str
    source: str
    stem: Path | None
    other: Path | None
    history: Path | None
    record: dict[str, Any]
    """Its provenance, or its ascent's own record where there is no stem yet."""
    scores: list[Row]
    failure: Failure | None = None
    """Why the stem or its scores are missing; None when nothing is."""

    @property
    def trouble(self) -> str | None:
        """The failure in one sentence."""
        if not self.failure:
            return None
        return f"{'Not scored' if self.stem else 'Not made'} because {self.failure.headline}: {self.failure.sentence}"


@dataclass
class Source:
    """One source of a track: its reference, its stems by run, and what they are compared with."""

    name: str
    has_reference: bool
    """Whether a reference was given, readable or not."""
    reference: Path | None
    stems: list[Stem]
    baselines: list[Row]
    """The score rows of the baselines."""

    @property
    def scores(self) -> list[Row]:
        """All score rows: the runs', the baselines', and once those of mixture and silence, as runs of these names."""
        rows = [*(row for stem in self.stems for row in stem.scores), *self.baselines]
        compared = {row["estimate"]: {**row, "run": row["estimate"]} for row in rows}
        ours = [row for row in rows if row["estimate"] not in FOR_COMPARISON]
        return ours + [compared[name] for name in FOR_COMPARISON if name in compared]


@dataclass
class Track:
    """One track: the decoded mixture and its sources."""

    name: str
    file: str
    """The mixture as the table of tracks names it."""
    mixture: Path | None
    facts: dict[str, Any]
    codecs: dict[str, dict[str, Any]]
    """Quality of each generator's reconstruction of the mixture, by generator."""
    sources: list[Source]


@dataclass(frozen=True)
class Plan:
    """What the workflow was asked to make, read from the file it writes before its first job."""

    results: Path
    logs: Path
    runs: dict[str, dict[str, Any]]
    tracks: list[dict[str, Any]]
    stem_suffix: str
    sources_together: bool
    """Whether one job of ascents is for all sources of a track."""
    baselines: list[str] = field(default_factory=list)
    """Names of the methods that runs are compared with, where a reference is known."""
    peers: dict[str, list[str]] = field(default_factory=dict)
    """Those of them that are peers, with the sources that they can separate."""
    judge: str | None = None
    """The tagger that no run steers with and that says how probable it finds the sources' tags."""

    @classmethod
    def read(cls, path: Path) -> "Plan":
        """Read a plan (JSON; its keys are the names of the attributes).

        Raises:
            UserError: the file is missing, is no JSON or lacks a key.
        """
        try:
            plan = read_json(path)
            return cls(
                results=Path(plan["results"]),
                logs=Path(plan["logs"]),
                runs=plan["runs"],
                tracks=plan["tracks"],
                stem_suffix=plan["stem_suffix"],
                sources_together=plan["sources_together"],
                baselines=plan.get("baselines", []),
                peers=plan.get("peers", {}),
                judge=plan.get("judge"),
            )
        except FileNotFoundError:
            raise UserError(f"{path}: there is no such plan; the workflow writes it before its first job.") from None
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise UserError(f"{path}: this plan is not JSON ({error}); let the workflow write it again.") from None
        except KeyError as error:
            raise UserError(f"{path}: this plan lacks the key {error}; let the workflow write it again.") from None

    def runs_of(self, source: str) -> list[str]:
        """The runs that make a source's stems."""
        return [name for name, run in self.runs.items() if source in (run.get("sources") or [source])]

    def baselines_of(self, source: str) -> list[str]:
        """The baselines that make a source's stems."""
        return [name for name in self.baselines if source in self.peers.get(name, [source])]

    @property
    def generators(self) -> list[str]:
        return sorted({codec for run in self.runs.values() if (codec := run.get("generator", {}).get("codec"))})


class Collection:
    """Everything that a plan asked for, as it stands on disk."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._failures: dict[tuple[str, tuple[str, ...]], Failure] = {}
        self.tracks = [self._track(entry) for entry in plan.tracks]

    @property
    def failures(self) -> list[Failure]:
        """One entry for each job without a result; jobs that failed come first."""
        return sorted(self._failures.values(), key=lambda failure: not failure.failed)

    @property
    def stems(self) -> Iterator[Stem]:
        return (stem for track in self.tracks for source in track.sources for stem in source.stems)

    @cached_property
    def records_of_baselines(self) -> list[dict[str, Any]]:
        """The provenance of all stems that no run made."""
        return [record for place in self._scored(self.plan.baselines_of) if (record := self._record("stems", place))]

    @cached_property
    def records_of_scores(self) -> list[dict[str, Any]]:
        """What all stems with scores were scored with, so far as it was written down."""
        of_runs = [record for place in self._scored(self.plan.runs_of) if (record := self._record("scores", place))]
        # What made these scored them too.
        return of_runs + self.records_of_baselines

    def _scored(self, runs_of: Callable[[str], list[str]]) -> list[tuple[str, str, str]]:
        """Run, track and source of the stems whose reference was given."""
        return [
            (run, track.name, source.name)
            for track in self.tracks
            for source in track.sources
            if source.has_reference
            for run in runs_of(source.name)
        ]

    def _record(self, folder: str, place: tuple[str, str, str]) -> dict[str, Any]:
        run, track, source = place
        return _read_object(self.plan.results / "runs" / run / folder / track / f"{source}.json")

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

    def _track(self, entry: dict[str, Any]) -> Track:
        name = entry["track"]
        folder = self.plan.results / "audio" / name
        codes = {
            generator: self.plan.results / "codes" / generator / f"{name}.json" for generator in self.plan.generators
        }
        return Track(
            name=name,
            file=entry["mixture"],
            mixture=_existing(folder / "mixture.wav"),
            facts=_read_object(folder / "facts.json"),
            codecs={generator: quality for generator, path in codes.items() if (quality := _read_object(path))},
            sources=[self._source(name, source, entry.get("references") or {}) for source in entry["sources"]],
        )

    def _source(self, track: str, source: str, references: dict[str, str]) -> Source:
        reference = self.plan.results / "audio" / track / "references" / f"{source}.wav"
        stems = [self._stem(run, track, source, source in references) for run in self.plan.runs_of(source)]
        baselines = self._baselines(track, source) if source in references else []
        return Source(source, source in references, _existing(reference), stems, baselines)

    def _baselines(self, track: str, source: str) -> list[Row]:
        """The score rows of all baselines of a source; a table that is missing is noted as a failure of its job."""
        rows = []
        for name in self.plan.baselines_of(source):
            scores = self._scores_path(name, track, source)
            rows += read_table(scores)
            if not _made(scores):
                failure = self._failure(self._stages_of_baseline(name, track, source))
                failure.scores.append((name, track, source))
        return rows

    def _scores_path(self, run: str, track: str, source: str) -> Path:
        return self.plan.results / "runs" / run / "scores" / track / f"{source}.tsv"

    def _stem(self, run: str, track: str, source: str, has_reference: bool) -> Stem:
        folder = self.plan.results / "runs" / run
        audio, suffix = folder / "stems" / track, self.plan.stem_suffix
        scores = self._scores_path(run, track, source)
        stem = Stem(
            run=run,
            track=track,
            source=source,
            stem=_existing(audio / f"{source}{suffix}"),
            other=_existing(audio / f"{source}.other{suffix}"),
            history=_existing(folder / "estimates" / track / f"{source}.history.tsv"),
            record=_read_object(audio / f"{source}.json")
            or _read_object(folder / "estimates" / track / f"{source}.json"),
            scores=read_table(scores),
        )
        stages = self._stages(run, track, source, has_reference)
        if stem.stem is None:
            stem.failure = self._failure([stage for stage in stages if not stage.only_for_scores])
            stem.failure.stems.append((run, track, source))
        elif has_reference and not _made(scores):
            stem.failure = self._failure(stages)
            stem.failure.scores.append((run, track, source))
        return stem

    def _stages(self, run: str, track: str, source: str, has_reference: bool) -> list[Stage]:
        """The jobs that lead to one scored stem, in the order in which they run."""
        generator = self.plan.runs[run].get("generator", {}).get("codec")
        of_stem, folder = (run, track, source), Path("runs") / run
        stages = [self._decode(track)]
        if generator:
            stages.append(self._encode(generator, track))
        of_ascent = (run, track, "all") if self.plan.sources_together else of_stem
        stages.append(self._stage("steer", of_ascent, folder / "estimates" / track / f"{source}.wav"))
        stem = folder / "stems" / track / f"{source}{self.plan.stem_suffix}"
        stages.append(self._stage("stem", of_stem, stem))
        if has_reference:
            stages.append(self._decode_reference(track, source))
        stages.append(self._stage("evaluate", of_stem, folder / "scores" / track / f"{source}.tsv"))
        return stages

    def _stages_of_baseline(self, name: str, track: str, source: str) -> list[Stage]:
        """The jobs that lead to a baseline's scores: one job makes all but the peers'."""
        scores = Path("runs") / name / "scores" / track / f"{source}.tsv"
        if name in self.plan.peers:
            peer = self._stage("peers", (name, track, source), scores)
            return [self._decode(track), self._decode_reference(track, source), peer]
        return [
            self._decode(track),
            *(self._encode(generator, track) for generator in self.plan.generators),
            self._decode_reference(track, source),
            self._stage("baselines", (track, source), scores),
        ]

    def _decode(self, track: str) -> Stage:
        return self._stage("decode", (track,), Path("audio") / track / "mixture.wav")

    def _encode(self, generator: str, track: str) -> Stage:
        return self._stage("codes", (generator, track), Path("codes") / generator / f"{track}.json")

    def _decode_reference(self, track: str, source: str) -> Stage:
        return self._stage("decode_reference", (track, source), Path("audio") / track / "references" / f"{source}.wav")

    def _stage(self, rule: str, wildcards: tuple[str, ...], output: Path) -> Stage:
        log = self.plan.logs.joinpath(rule, *wildcards[:-1], f"{wildcards[-1]}.log")
        return Stage(rule, wildcards, log, self.plan.results / output)

    def _failure(self, stages: list[Stage]) -> Failure:
        """The job to blame for a missing last output: the first that failed, else the first without its output."""
        missing = [stage for stage in stages if stage.missing]
        blamed = next((stage for stage in missing if stage.error), missing[0])
        return self._failures.setdefault((blamed.rule, blamed.wildcards), Failure(blamed))


def _made(path: Path) -> bool:
    """Whether a file exists and, if it is audio, can be read and holds samples."""
    if path.suffix not in AUDIO_SUFFIXES:
        return path.is_file()
    try:
        return bool(soundfile.info(path).frames)
    except soundfile.LibsndfileError:
        return False


def _existing(path: Path) -> Path | None:
    return path if _made(path) else None


def _read_object(path: Path) -> dict[str, Any]:
    """The object in a JSON file; an empty one where the file is missing or damaged."""
    try:
        return read_json(path)
    except (OSError, ValueError):
        return {}


def read_table(path: Path) -> list[Row]:
    """The rows of a tab-separated table with a header; none where the file is missing."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, dialect="excel-tab"))
