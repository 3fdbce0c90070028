"""A whole track steered towards its sources: chunk by chunk, joined without clicks, and resumable."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stemsteer.sound.audio import Signal
from stemsteer.sound.chunks import Chunk, OverlapAdd, plan_seconds
from stemsteer.sound.scaled_signal import ScaledSignal
from stemsteer.steering import STEERINGS
from stemsteer.steering.answers import KeptAnswers
from stemsteer.steering.base import Steering
from stemsteer.steering.batches import Batches
from stemsteer.steering.checkpoints import key_of
from stemsteer.steering.interruption import interruption_noticed
from stemsteer.steering.keys import chunk_seed, problem_key
from stemsteer.steering.method import Method
from stemsteer.steering.outcome import Outcome
from stemsteer.steering.problem import Problem, Wanted
from stemsteer.steering.progress import FollowedBar
from stemsteer.steering.resuming import Checkpoints
from stemsteer.taggers.labels import find_if_known


@dataclass(frozen=True)
class CarriedOut:
    """How steering is carried out, which does not change what comes of it.

    Attributes:
        batch: sources of chunks that are steered at once.
        checkpoints: folder of the checkpoints of the track in this run.
        answers: folder of the taggers' answers about the track, for later jobs too.
        checkpoint_seconds: between two checkpoints of a running solver.
        workers: how many batches are steered at the same time.
        progress: whether a bar on stderr counts the steps.
        followed: a file that says how many steps are done, while there are any left, for who cannot see the bar.
    """

    batch: int
    checkpoints: Path
    answers: Path
    checkpoint_seconds: float
    workers: int = 1
    progress: bool = True
    followed: Path | None = None


class TrackSteering:
    """The steering of one track in one run.

    Attributes:
        outcomes: of each source, in the order of the chunks and without audio, as far as `steer` has come.
    """

    def __init__(self, run: str, track: str, signal: ScaledSignal, method: Method) -> None:
        """`run` and `track` are their true names, on which the seeds depend.

        Raises:
            UserError: the rate of the signal is not that of the generator.
        """
        method.generator.check_rate(signal.rate)
        self.run, self.track, self.signal, self.method = run, track, signal, method
        settings = method.settings.steering
        self.steering: Steering = STEERINGS[settings.kind].make(settings, method)
        self.outcomes: dict[str, list[Outcome]] = {}

    @property
    def chunks(self) -> list[Chunk]:
        """The chunks of the track, each a problem of its own."""
        settings = self.method.settings.steering
        return plan_seconds(self.signal.samples, self.signal.rate, settings.chunk_seconds, settings.overlap_seconds)

    def steer(self, sources: Sequence[str], carried_out: CarriedOut) -> Iterator[tuple[str, Signal]]:
        """The steered track for each source, a piece at a time, at the level of the file: pairs of source and piece.

        Raises:
            Interrupted: the process was asked to stop.
            UserError: the memory does not hold a single chunk, or steering has come to nothing.
        """
        checkpoints = Checkpoints(carried_out.checkpoints, carried_out.checkpoint_seconds)
        answers = KeptAnswers(carried_out.answers)
        joined = {source: OverlapAdd(self.chunks) for source in sources}
        self.outcomes = {source: [] for source in sources}
        total = len(self.chunks) * len(sources) * self.steering.steps
        title, hidden = f"{self.run} {self.track}", not carried_out.progress
        bar = FollowedBar(carried_out.followed, total=total, desc=title, unit="step", mininterval=1, disable=hidden)
        with interruption_noticed() as interruption, bar as progress:
            batches = Batches(
                self.steering,
                self.method,
                checkpoints,
                answers,
                carried_out.batch,
                carried_out.workers,
                progress,
                interruption,
            )
            for outcome in batches.solve(self._problems(sources)):
                source = outcome.wanted.source
                self.outcomes[source].append(outcome.without_audio())
                piece = joined[source].add(outcome.chunk.index, outcome.audio / np.float32(self.signal.gain))
                yield source, piece

    def remove_checkpoints(self, carried_out: CarriedOut) -> None:
        """For when the outputs are complete."""
        Checkpoints(carried_out.checkpoints, carried_out.checkpoint_seconds).remove(list(self.outcomes))

    def _problems(self, sources: Sequence[str]) -> Iterator[Problem]:
        """The problems of the track: one for each chunk, or for each source of a chunk."""
        for chunk in self.chunks:
            problem = self._problem(sources, chunk)
            if self.steering.solves_sources_together:
                yield problem
            else:
                yield from problem.split()

    def _problem(self, sources: Sequence[str], chunk: Chunk) -> Problem:
        mixture = self.signal.read(chunk.start, chunk.stop)
        seed = chunk_seed(self.method.settings.steering.seed, "", self.track, "", chunk.index)
        wanted = tuple(self._wanted(source, chunk) for source in sources)
        return Problem(chunk, mixture, self.signal.rate, seed, wanted)

    def _wanted(self, source: str, chunk: Chunk) -> Wanted:
        labels = {tagger.name: find_if_known(tagger.labels, source) for tagger in self.method.taggers}
        seed = chunk_seed(self.method.settings.steering.seed, self.run, self.track, source, chunk.index)
        return Wanted(source, labels, seed)

    def key(self, source: str, sources: Sequence[str]) -> str:
        """Of all that decides the estimate of one of these sources; hexadecimal."""
        together = [source] if self.steering.sources_are_independent else list(sources)
        digest = hashlib.sha256(key_of({"samples": self.signal.samples, "gain": self.signal.gain, "source": source}))
        for chunk in self.chunks:
            digest.update(problem_key(self.method, self._problem(together, chunk)))
        return digest.hexdigest()
