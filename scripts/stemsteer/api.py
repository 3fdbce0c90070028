"""The Python API: an array of samples in, stems out. docs/python.md has examples."""

import logging
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from numpy.typing import ArrayLike

from stemsteer.devices import threads_left_alone
from stemsteer.errors import UserError
from stemsteer.names import as_name, did_you_mean, is_name, slug
from stemsteer.settings.config import Config, load_config
from stemsteer.settings.plan import plan_for
from stemsteer.settings.run import GROUPS
from stemsteer.settings.tracks import Track
from stemsteer.settings.usual import usual_sources
from stemsteer.sound.audio import Signal, write
from stemsteer.sound.samples import as_rate, as_signal
from stemsteer.stages.one_track import OneTrack
from stemsteer.steering.interruption import Interrupted


@dataclass(frozen=True)
class Heard:
    """Whether the taggers hear a source in a mixture.

    Attributes:
        probability: with which they hear it; None where they cannot tell.
        is_heard: whether that is enough; True where they cannot tell.
    """

    probability: float | None
    is_heard: bool


@dataclass(frozen=True, eq=False)
class Separation:
    """The stems of a mixture.

    Attributes:
        stems: by source, in float32 `[samples, channels]`, with the mixture's rate, length, channels and level.
        rest: the mixture minus all stems, `[samples, channels]`.
        sample_rate: Hz.
        heard: by source, whether the taggers hear it in the mixture.
        scores: of the sources with a reference, the table that the workflow writes as results/scores.tsv; None where
            there are no references.
        warnings: sentences for the user, as of a source that is not heard.
    """

    stems: Mapping[str, Signal] = field(repr=False)
    rest: Signal = field(repr=False)
    sample_rate: int
    heard: Mapping[str, Heard]
    scores: pd.DataFrame | None = field(repr=False)
    warnings: Sequence[str]

    def save(self, folder: str | Path) -> None:
        """Write each stem, by the slug of its source, and the rest: `vocals.wav`, ..., `rest.wav`, in float32."""
        for name, signal in {**{slug(source): stem for source, stem in self.stems.items()}, "rest": self.rest}.items():
            write(Path(folder) / f"{name}.wav", signal, self.sample_rate)


def separate(
    audio: ArrayLike,
    sample_rate: float,
    *,
    sources: Sequence[str] | None = None,
    preset: str | None = None,
    settings: Mapping[str, Any] | None = None,
    references: Mapping[str, ArrayLike] | None = None,
    device: str = "auto",
    name: str = "mixture",
    workers: int | None = None,
    progress: bool = True,
) -> Separation:
    """Separate sources out of a mixture.

    On a CPU the stems are, sample by sample, those that the workflow makes of a track of this `name` in a run of these
    settings that is called `default`, or as the preset.

    Args:
        audio: floating-point samples `[samples, channels]` or `[samples]`, of any level.
        sample_rate: Hz.
        sources: names of sources or of tags; None: all that compete in the run (vocals, drums, bass, guitar, piano,
            strings) and that its taggers know.
        preset: a ready-made run of resources/presets.yaml; None: the default run.
        settings: groups of settings, as of a run in config.yaml; they win over those of the preset.
        references: true sources by name, of the shape of `audio`, with which the stems are scored. They are looked for
            in the mixture as the workflow does it, and what is wrong with them is among the warnings.
        device: auto (a GPU if there is one), cpu, cuda, cuda:N or mps.
        name: of the track, on which the random numbers depend.
        workers: how many chunks (12 s) are steered at the same time on a CPU, each on a core; None: up to 4. They do
            not change the result.
        progress: whether a bar on stderr shows how far the steering is.

    Raises:
        UserError: an argument is wrong, weights are missing, or the memory does not hold a chunk.
        KeyboardInterrupt: the process was asked to stop.
    """
    mixture, rate = as_signal("audio", audio), as_rate(sample_rate)
    true_sources = _true_sources(references or {}, mixture)
    config = _config(preset, settings or {}, device, workers)
    plan = plan_for(config, [_track(name, sources, list(true_sources), config)])
    with tempfile.TemporaryDirectory(prefix="stemsteer-") as folder, threads_left_alone(), _logging_left_alone():
        track = OneTrack(plan, Path(folder))
        warnings = track.decode(mixture, rate) + track.take_references(true_sources, rate)
        try:
            track.steer(progress)
        except Interrupted as error:
            # Its sentence says that what was computed is kept, which it is not here.
            raise KeyboardInterrupt from error
        warnings += track.make_stems()
        stems = {source: track.stem(source) for source in track.sources}
        heard = {source: Heard(*track.presence(source)) for source in track.sources}
        scores = track.score(true_sources) if true_sources else None
    return Separation(stems, mixture - sum(stems.values()), rate, heard, scores, warnings)


@contextmanager
def _logging_left_alone() -> Iterator[None]:
    """Let the stages log without a handler: at its first message, `logging` would make one for the whole program."""
    handler, root = logging.NullHandler(), logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)


def _true_sources(references: Mapping[str, ArrayLike], mixture: Signal) -> dict[str, Signal]:
    """The references as signals of the mixture's shape."""
    signals = {source: as_signal(f"references: {source}", given) for source, given in references.items()}
    for source, signal in signals.items():
        if signal.shape != mixture.shape:
            raise UserError(
                f"references: {source} has {_shape(signal)}, and the mixture {_shape(mixture)}; give a reference of "
                "the mixture's length and channels"
            )
    return signals


def _shape(signal: Signal) -> str:
    return f"{len(signal)} samples of {signal.shape[1]} channels"


def _config(preset: str | None, settings: Mapping[str, Any], device: str, workers: int | None) -> Config:
    """The config of the one run."""
    if not isinstance(settings, Mapping):
        raise UserError(f"settings: give groups by name, such as {{'steering': {{'subsets': 16}}}}, not {settings!r}")
    for group in settings:
        if group not in GROUPS:
            hint = did_you_mean(str(group), GROUPS)
            raise UserError(f"settings: there is no group {group!r}{hint}; the groups are {', '.join(GROUPS)}")
    run = {"preset": preset, **settings}
    return load_config(
        {
            "tracks": "none: the mixture is no file",
            "device": device,
            "workers": "auto" if workers is None else workers,
            "runs": {"default" if preset is None else str(preset): run},
            "baselines": [],
        }
    )


def _track(name: str, sources: Sequence[str] | None, references: Sequence[str], config: Config) -> Track:
    """The mixture as a track that is to be separated into sources."""
    if not isinstance(name, str) or not is_name(name):
        raise UserError(f"name: {name!r} is not one line of text; call the track {as_name(str(name))!r}")
    (run,) = config.runs.values()
    wanted = usual_sources(run, config.taggers) if sources is None else sources
    if isinstance(wanted, str) or not wanted or not all(isinstance(source, str) for source in wanted):
        raise UserError(f"sources: give a list of names, such as ['vocals', 'drums'], not {wanted!r}")
    for source in references:
        if source not in wanted:
            raise UserError(f"references: {source!r} is not among the sources ({', '.join(wanted)}); leave it out")
    return Track(name, name, tuple(dict.fromkeys(wanted)), references=dict.fromkeys(references, name))
