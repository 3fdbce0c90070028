"""Steer a track towards its sources, and write an estimate of each."""

import logging
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stemsteer.devices import choose_device
from stemsteer.files import read_json, write_json, written_whole
from stemsteer.generators.loading import load_generator
from stemsteer.generators.settings import CodecWeights
from stemsteer.jobs.resources import workers_in_memory
from stemsteer.settings.run import MethodGroups
from stemsteer.sound import audio
from stemsteer.sound.scaled_signal import MonoSignal, ScaledSignal, WholeSignal
from stemsteer.steering.method import Method, MethodSettings
from stemsteer.steering.records import history_of, record_of
from stemsteer.steering.track import CarriedOut, TrackSteering
from stemsteer.taggers.loading import load_tagger
from stemsteer.taggers.settings import OwnTaggerSettings
from stemsteer.taggers.vocabularies import Sources


@dataclass(frozen=True)
class Estimate:
    """The files of an estimate: the steered signal, its history and its record."""

    steered: Path
    history: Path
    record: Path

    def is_made(self, key: str) -> bool:
        """Whether it was made before, from the same things, in a job for other sources too."""
        exist = all(path.exists() for path in (self.steered, self.history, self.record))
        return exist and read_json(self.record).get("key") == key


@dataclass(frozen=True)
class Resources:
    """What a method needs beside its settings.

    Attributes:
        codec: the weights of the codec that the run names; None for a generator of another kind.
        own_taggers: taggers with weights of the user's own, by name.
        prompted_sources: the sources that are labels of prompt taggers.
        own_sources: the user's own sources.
    """

    codec: CodecWeights | None
    own_taggers: Mapping[str, OwnTaggerSettings]
    prompted_sources: Sequence[str]
    own_sources: Sources


def method_settings(groups: MethodGroups) -> MethodSettings:
    """The groups of a run that decide what steering comes to."""
    return MethodSettings(groups.generator, groups.taggers, groups.steering, groups.mask)


def load_method(settings: MethodSettings, resources: Resources, device_name: str) -> Method:
    """Generator and taggers of a run, on the device of the config.

    Raises:
        UserError: weights are missing or altered, or there is no such device.
    """
    device = choose_device(device_name, settings.steering.threads)
    taggers = [
        load_tagger(
            name,
            resources.own_taggers.get(name),
            resources.prompted_sources,
            resources.own_sources,
            device=device,
        )
        for name in settings.taggers.names
    ]
    return Method(settings, load_generator(settings.generator, resources.codec, device), taggers)


def signal_to_steer(settings: MethodSettings, path: Path) -> ScaledSignal:
    """The mixture itself for steerings that need its parts; its mono signal at the codecs' rate for others."""
    return WholeSignal(path) if settings.steering.needs_parts else MonoSignal(path)


def workers_of(threads: int, method: Method, signal: ScaledSignal) -> int:
    """How many chunks of a signal so many CPU threads steer at the same time, as far as there is memory for them."""
    if method.device.type != "cpu":
        return 1  # A GPU is busy with one batch.
    steering = method.settings.steering
    longest = min(signal.samples, round(steering.chunk_seconds * signal.rate))
    return workers_in_memory(threads // steering.threads, longest * signal.channels)


def steer(
    track: TrackSteering, estimates: Mapping[str, Estimate], carried_out: CarriedOut, quality: Path | None = None
) -> None:
    """Steer a track towards its sources, and write their estimates; those that are there already are left alone.

    Args:
        track: in its run.
        estimates: the files to write, by source.
        carried_out: how steering is carried out.
        quality: how well the codes of a codec reproduce the track, for the record.

    Raises:
        Interrupted: the process was asked to stop.
        UserError: the memory does not hold a single chunk, or steering has come to nothing.
    """
    sources = list(estimates)
    keys = {source: track.key(source, sources) for source in sources}
    missing = [source for source in sources if not estimates[source].is_made(keys[source])]
    for source in sources:
        if source not in missing:
            logging.info("%s is there already, made with the same settings", source)
    if missing and not track.steering.sources_are_independent:
        missing = sources
    _write_signals(track, {source: estimates[source].steered for source in missing}, carried_out)
    codes = {"codes": read_json(quality)} if quality else {}
    for source in missing:
        outcomes = track.outcomes[source]
        with written_whole(estimates[source].history) as part:
            history_of(outcomes).to_csv(part, sep="\t", index=False)
        record = record_of(source, outcomes, track.method, track.signal.rate)
        write_json(estimates[source].record, {**record, "key": keys[source], **codes})
    track.remove_checkpoints(carried_out)


def _write_signals(track: TrackSteering, files: Mapping[str, Path], carried_out: CarriedOut) -> None:
    signal = track.signal
    with ExitStack() as stack:
        writers = {
            source: stack.enter_context(audio.writing(file, signal.rate, signal.channels, samples=signal.samples))
            for source, file in files.items()
        }
        for source, piece in track.steer(list(files), carried_out):
            writers[source].write(np.atleast_2d(piece).T)
