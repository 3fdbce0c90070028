"""What a config asks for: every track, and every stem of every run."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from stemsteer.compared.settings import PEER_SOURCES
from stemsteer.errors import UserError
from stemsteer.exports.names import ExportNames
from stemsteer.models.registry import PromptTaggerModel, TaggerModel, tagger_models
from stemsteer.models.weights import require
from stemsteer.names import did_you_mean, slug
from stemsteer.settings.config import Config
from stemsteer.settings.folders import some_names
from stemsteer.settings.tracks import Track, check_names, check_sources, find_corpus
from stemsteer.taggers import FAMILIES
from stemsteer.taggers.labels import labels_of
from stemsteer.taggers.vocabularies import known_names


@dataclass(frozen=True)
class Stem:
    """One stem to make."""

    run: str
    track: str
    source: str


@dataclass(frozen=True)
class Names:
    """Of each kind of thing in the paths of results: the true names by their slugs."""

    tracks: dict[str, str]
    runs: dict[str, str]
    sources: dict[str, str]
    codecs: dict[str, str]
    peers: dict[str, str]
    codec_trainings: dict[str, str]
    tagger_trainings: dict[str, str]


def by_slug(names: Iterable[str]) -> dict[str, str]:
    """Names by their slugs.

    Raises:
        UserError: two names have the same slug, by the rarest of chances.
    """
    found: dict[str, str] = {}
    for name in names:
        if (other := found.setdefault(slug(name), name)) != name:
            raise UserError(f"{other!r} and {name!r} would both be called {slug(name)!r} in paths; rename one of them")
    return found


@dataclass(frozen=True)
class Plan:
    """The config with the tracks that it names."""

    config: Config
    tracks: dict[str, Track]
    of_the_corpus: tuple[str, ...] = ()
    """What a user should know of how the tracks were found, in sentences."""

    @property
    def notes(self) -> list[str]:
        """What a user should know of what is left out, in sentences."""
        return [*self.of_the_corpus, *self._unused_references(), *self._texts_like_names()]

    def _unused_references(self) -> Iterator[str]:
        """References that nothing is compared with, because nobody asks for their source."""
        unused = defaultdict(list)
        for track in self.tracks.values():
            for source in track.references.keys() - track.sources:
                unused[source].append(track.track)
        for source, tracks in sorted(unused.items()):
            yield (
                f"a reference of {source!r} is of use only where that source is asked for, which it is not for "
                f"{len(tracks):,} of the tracks with one ({some_names(tracks)})"
            )

    def _texts_like_names(self) -> Iterator[str]:
        """Sources that are texts for prompt taggers, and might be misspelt names."""
        known = self.known_sources
        for source in self.asked_sources:
            if source not in known and (hint := did_you_mean(source, known)):
                yield f"{source!r} is a text for prompt taggers, as no source or tag is called so{hint}"

    @cached_property
    def known_sources(self) -> set[str]:
        """The names of all sources and tags."""
        return known_names(self.config.own_sources, self.config.own_vocabularies.values())

    @property
    def sources(self) -> list[str]:
        """All sources and references of all tracks."""
        return sorted({name for track in self.tracks.values() for name in (*track.sources, *track.references)})

    @property
    def asked_sources(self) -> list[str]:
        """All sources that tracks are asked for."""
        return sorted({source for track in self.tracks.values() for source in track.sources})

    @property
    def stems(self) -> list[Stem]:
        """All stems, run by run."""
        return [
            Stem(run, track, source)
            for run in self.config.runs
            for track in self.tracks
            for source in self.sources_of(run, track)
        ]

    @property
    def baseline_stems(self) -> list[Stem]:
        """The stems of all baselines: of the sources that tracks are asked for, where there is a reference."""
        return [Stem(baseline, *scored) for baseline in self.config.baseline_runs for scored in self._scored]

    @property
    def peer_stems(self) -> list[Stem]:
        """The stems of all peers: of those sources that they can separate."""
        return [
            Stem(peer, track, source)
            for peer in self.config.peers
            for track, source in self._scored
            if source in PEER_SOURCES
        ]

    @property
    def _scored(self) -> list[tuple[str, str]]:
        """Tracks with each source that they are asked for and have a reference of."""
        return [
            (track.track, source)
            for track in self.tracks.values()
            for source in track.sources
            if source in track.references
        ]

    @cached_property
    def names(self) -> "Names":
        """What the slugs in paths stand for."""
        by_slug([*self.config.runs, *self.config.baseline_runs, *self.config.peers])  # which share a folder
        return Names(
            tracks=by_slug(self.tracks),
            runs=by_slug(self.config.runs),
            sources=by_slug(self.sources),
            codecs=by_slug(self.config.codecs),
            peers=by_slug(self.config.peers),
            codec_trainings=by_slug(self.config.codec_training),
            tagger_trainings=by_slug(self.config.tagger_training),
        )

    @cached_property
    def export_names(self) -> ExportNames | None:
        """What exported files are called, where there is an export."""
        export = self.config.export
        if export is None:
            return None
        return ExportNames(export, list(self.config.runs), list(self.tracks), self.asked_sources)

    def sources_of(self, run: str, track: str) -> list[str]:
        """The sources that a run extracts from a track."""
        wanted = self.config.runs[run].sources
        return [source for source in self.tracks[track].sources if wanted is None or source in wanted]

    def tagger_model(self, name: str) -> TaggerModel:
        """What is known of a tagger, one of the user's own or one of the registry."""
        own = self.config.taggers.get(name)
        return own.model(name) if own else tagger_models()[name]

    def is_differentiable(self, tagger: str) -> bool:
        """Whether what a tagger says has a gradient with respect to the audio."""
        own = self.config.taggers.get(tagger)
        return (own or FAMILIES[tagger_models()[tagger].family]).differentiable

    def require_taggers(self) -> None:
        """See that all taggers of all runs are on this machine, before any work.

        Raises:
            UserError: one is not, with the command that brings it.
        """
        for name in {tagger for run in self.config.runs.values() for tagger in run.taggers.names}:
            if name not in self.config.taggers:
                require(name)

    @property
    def has_prompt_taggers(self) -> bool:
        """Whether any run steers with a prompt tagger."""
        return any(self.is_prompted(run) for run in self.config.runs)

    def is_prompted(self, run: str) -> bool:
        """Whether a run steers with a prompt tagger."""
        models = map(self.tagger_model, self.config.runs[run].taggers.names)
        return any(isinstance(model, PromptTaggerModel) for model in models)

    def prompted_sources(self, run: str, track: str) -> list[str]:
        """The sources that are labels of a run's prompt taggers; none where all its taggers have a vocabulary.

        These are all sources of the track, whether they are steered in one job or in several, and their competitors.
        """
        competitors = self.config.runs[run].steering.competitors
        return sorted({*self.sources_of(run, track), *competitors}) if self.is_prompted(run) else []

    @property
    def stem_suffix(self) -> str:
        """Of the stems' files."""
        return f".{self.config.stems.container}"

    @cached_property
    def judge_of(self) -> dict[str, str | None]:
        """The tagger that judges the stems of each source, if any."""
        return {source: self.config.judge_of(source) for source in self.sources}

    @property
    def judges(self) -> list[str]:
        """The taggers that judge the stems."""
        return [judge for judge in dict.fromkeys(self.judge_of.values()) if judge is not None]

    def as_dict(self) -> dict[str, Any]:
        """The plan for the report, which must know what was wanted in order to say what is missing."""
        return {
            "results": "results",
            "logs": "logs",
            "stem_suffix": self.stem_suffix,
            "sources_together": self.config.steers_sources_together,
            "runs": {name: {**run.model_dump(), "parts": run.parts} for name, run in self.config.runs.items()},
            "baselines": [*self.config.baseline_runs, *self.config.peers],
            "peers": dict.fromkeys(self.config.peers, PEER_SOURCES),
            "judges": self.judges,
            "notes": self.notes,
            "tracks": [
                {
                    "track": track.track,
                    "mixture": track.mixture,
                    "sources": list(track.sources),
                    "references": track.references,
                }
                for track in self.tracks.values()
            ],
        }


def make_plan(config: Config) -> Plan:
    """Read the tracks and check that every tagger knows the sources that it will be asked for.

    Raises:
        UserError: with the table's row, the track or the run that is wrong.
    """
    corpus = find_corpus(config.tracks, config.asked_sources)
    return plan_for(config, corpus.tracks, corpus.notes)


def plan_for(config: Config, tracks: Iterable[Track], notes: tuple[str, ...] = ()) -> Plan:
    """The config with these tracks, wherever they are from, and notes on how they were found; see `make_plan`."""
    plan = Plan(config, {track.track: track for track in tracks}, notes)
    if not plan.has_prompt_taggers:  # To them, any text is a source. Whether all taggers know it is told below.
        check_sources("config: sources", config.asked_sources, plan.known_sources)
        check_names(plan.tracks.values(), plan.known_sources)
    for name in config.runs:
        _check_run(plan, name)
    _ = plan.names, plan.export_names  # which must be unique
    return plan


def _check_run(plan: Plan, name: str) -> None:
    """That a run can steer with its taggers, and that they know the sources that they will be asked for."""
    run = plan.config.runs[name]
    check_sources(f"run {name!r}: sources", run.sources or [], plan.known_sources.union(plan.sources))
    if not plan.is_prompted(name):
        check_sources(f"run {name!r}: steering.competing", run.steering.competitors, plan.known_sources)
    wanted = sorted({source for track in plan.tracks for source in plan.sources_of(name, track)})
    for tagger in run.taggers.names:
        if run.steering.needs_gradient and not plan.is_differentiable(tagger):
            raise UserError(
                f"run {name!r}, tagger {tagger}: it has no gradient, which the steering of this run needs; "
                "choose another tagger or another steering"
            )
    for source in wanted:
        _check_taggers_know(plan, name, source)


def _check_taggers_know(plan: Plan, name: str, source: str) -> None:
    """That all taggers of a run, or one of them if that is enough, have a label for a source."""
    run, mistakes = plan.config.runs[name], []
    for tagger in run.taggers.names:
        try:
            labels_of(plan.tagger_model(tagger), [source], plan.config.own_sources).find(source)
        except UserError as error:
            mistakes.append(
                f"run {name!r}, tagger {tagger}: {error}, or list under the run's key sources those that it knows"
            )
    if mistakes and (len(mistakes) == len(run.taggers.names) or not run.steering.one_tagger_suffices):
        raise UserError(mistakes[0])
