"""What the page shows of each track: its signals with their listening copies and pictures."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import soundfile

from stemsteer.names import slug
from stemsteer.report.collect import Collection, SourceResult, StemResult, TrackResult
from stemsteer.report.copies import write_copies
from stemsteer.report.curves import draw_curves
from stemsteer.report.files import Row
from stemsteer.report.pictures import Picture
from stemsteer.report.spectrograms import TrackSpectrograms
from stemsteer.report.taken import draw_parts, draw_spectra
from stemsteer.scores.metrics import FOR_COMPARISON


@dataclass(frozen=True)
class Signal:
    """One thing to listen to and its spectrogram."""

    name: str
    audio: Path
    picture: Picture


@dataclass(frozen=True)
class Plot:
    """A picture other than a spectrogram and what stands above it."""

    title: str
    picture: Picture


@dataclass(frozen=True)
class StemView:
    """One run's stem."""

    stem: StemResult
    anchor: str
    output: str
    """Which estimate the run calls its stem."""
    signals: list[Signal]
    plots: list[Plot]

    @property
    def heard(self) -> list[tuple[str, float]]:
        """How probable the taggers found the source's tags in each of these signals, as far as it is known."""
        moments = {"Mixture": "before", "Steered": "after", "What is left over": "rest"}
        steering = self.stem.steering
        keys = {name: f"target_probability_{moment}" for name, moment in moments.items()}
        return [(name, steering[key]) for name, key in keys.items() if steering.get(key) is not None]

    @property
    def facts(self) -> dict[str, Any]:
        """The stem's record without the parts of its chunks, which have a picture."""
        steering = dict(self.stem.steering)
        if "chunks" in steering:
            steering["chunks"] = [
                {key: fact for key, fact in chunk.items() if key != "parts"} for chunk in steering["chunks"]
            ]
        return {**self.stem.record, "ascent": steering} if "ascent" in self.stem.record else steering

    @property
    def brief(self) -> list[tuple[str, Row]]:
        """The score rows of the stem and of the other part, by these names."""
        ours = [row for row in self.stem.scores if row["estimate"] not in FOR_COMPARISON]
        named = [("Stem" if row["estimate"] == self.output else "Other part", row) for row in ours]
        return sorted(named, key=lambda role: role[0] != "Stem")


@dataclass(frozen=True)
class SourceView:
    """One source of a track: a player over the mixture, the reference and every run's stem."""

    source: SourceResult
    anchor: str
    shared: list[Signal]
    stems: list[StemView]

    @property
    def signals(self) -> list[Signal]:
        return [*self.shared, *(signal for stem in self.stems for signal in stem.signals)]

    @property
    def duration_s(self) -> float:
        return max((soundfile.info(signal.audio).duration for signal in self.signals), default=0.0)


@dataclass(frozen=True)
class TrackView:
    """One track."""

    track: TrackResult
    anchor: str
    gain: float
    """By which the listening copies were multiplied, at most 1."""
    sources: list[SourceView]

    @property
    def missing(self) -> int:
        """How many of its stems were not made."""
        return sum(attempt.stem.stem is None for source in self.sources for attempt in source.stems)

    @property
    def not_heard(self) -> list[str]:
        """Its sources that the taggers of a run do not hear."""
        return [source.source.name for source in self.sources if any(view.stem.warning for view in source.stems)]

    @property
    def doubtful(self) -> list[str]:
        """Its sources whose reference is doubtful."""
        return [source.source.name for source in self.sources if source.source.is_doubtful]

    @property
    def turned_down_db(self) -> float:
        return -20 * math.log10(self.gain)

    @property
    def described(self) -> list[str]:
        """What a listener wants to know of the file, such as `6.1 s`, `44.1 kHz`, `stereo`, as far as it is known."""
        words: dict[str, Callable[[Any], str]] = {
            "duration_s": format_length,
            "start_s": lambda start: f"from {format_length(start)}" if start else "",
            "sample_rate": lambda rate: f"{rate / 1000:g} kHz",
            "channels": lambda count: {1: "mono", 2: "stereo"}.get(count, f"{count} channels"),
            "bit_depth": lambda bits: f"{bits} bit",
            "codec": str,
            "silent": lambda silent: "silent" if silent else "",
        }
        known = [(in_words, self.track.facts.get(key)) for key, in_words in words.items()]
        return [text for in_words, fact in known if fact is not None and (text := in_words(fact))]


def show_tracks(collection: Collection, folder: Path) -> list[TrackView]:
    """Make the listening copies and pictures of all tracks, in `audio/` and `images/` of a folder.

    Anchors number the tracks, the sources of a track and all runs from 1: `track-3`, `track-3-1`, `track-3-1-2`.
    """
    runs = collection.plan.runs
    return [_show_track(track, runs, f"track-{number}", folder) for number, track in enumerate(collection.tracks, 1)]


def format_length(seconds: float) -> str:
    """A duration as `6.1 s` or `3:24 min`."""
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds // 60)}:{int(seconds % 60):02d} min"


def _show_track(track: TrackResult, runs: dict[str, dict[str, Any]], anchor: str, folder: Path) -> TrackView:
    spectrograms = TrackSpectrograms(track.mixture)
    copies: dict[Path, Path] = {}

    def show(name: str, audio: Path | None, place: Path) -> list[Signal]:
        """A signal in a list, or an empty list for a missing one."""
        if audio is None:
            return []
        copy = _named(folder / "audio" / place, ".flac")
        copies[copy] = audio
        return [Signal(name, copy, spectrograms.draw(audio, _named(folder / "images" / place, ".webp"), name))]

    numbers = {run: number for number, run in enumerate(runs, 1)}

    def show_stem(stem: StemResult, anchor_of_source: str) -> StemView:
        place = Path("runs") / slug(stem.run) / slug(stem.track) / slug(stem.source)
        signals = show("Stem", stem.stem, _named(place, ".stem")) + show(
            "Other part", stem.other, _named(place, ".other")
        )
        plots = _draw_plots(stem, spectrograms, folder / "images" / place)
        return StemView(stem, f"{anchor_of_source}-{numbers[stem.run]}", runs[stem.run]["parts"][0], signals, plots)

    def show_source(source: SourceResult, anchor_of_source: str) -> SourceView:
        place = Path("tracks") / slug(track.name)
        mixture = show("Mixture", track.mixture, place / "mixture")
        reference = show("Reference", source.reference, place / f"{slug(source.name)}.reference")
        stems = [show_stem(stem, anchor_of_source) for stem in source.stems]
        return SourceView(source, anchor_of_source, mixture + reference, stems)

    sources = [show_source(source, f"{anchor}-{number}") for number, source in enumerate(track.sources, 1)]
    return TrackView(track, anchor, write_copies(copies), sources)


def _draw_plots(stem: StemResult, spectrograms: TrackSpectrograms, place: Path) -> list[Plot]:
    """What was taken of the mixture, and how the steering went, as far as it can be drawn."""
    plots: dict[str, Picture | None] = {}
    if stem.estimate:
        plots["Parts taken (larger: louder)"] = draw_parts(stem.estimate, _named(place, ".parts.png"))
    if stem.stem:
        plots["Mean spectrum (grey: mixture, blue: stem)"] = draw_spectra(
            spectrograms, stem.stem, _named(place, ".spectra.png")
        )
    if stem.history:
        for name, column, floor in (("Loss", "loss", None), ("Target tag probability", "target_probability", 0)):
            plots[name] = draw_curves(stem.history, column, name, _named(place, f".{column}.png"), floor)
    return [Plot(title, picture) for title, picture in plots.items() if picture]


def _named(place: Path, ending: str) -> Path:
    """A path with something added to its name, which may itself hold dots."""
    return place.with_name(place.name + ending)
