"""What steering came to for one source in one chunk."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from stemsteer.sound.audio import Signal
from stemsteer.sound.chunks import Chunk
from stemsteer.steering.base import Moment
from stemsteer.steering.problem import Wanted


@dataclass(frozen=True)
class Outcome:
    """A steered chunk and how it came about.

    Attributes:
        chunk: its place in the track.
        wanted: the source that it was steered to.
        audio: the steered signal, of the shape and at the level of the scaled mixture.
        history: what was heard at each step; empty for a silent chunk, which is not steered.
        kept: the place in the history of the moment whose signal this is.
        seconds: of computing.
        resumed_at: the step from which the last process went on.
        facts: what else the steering tells of the source.
    """

    chunk: Chunk
    wanted: Wanted
    audio: Signal
    history: list[Moment]
    kept: int = 0
    seconds: float = 0.0
    resumed_at: int = 0
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """In messages."""
        return f"{self.wanted.source}.{self.chunk.index}"

    @property
    def first(self) -> Moment:
        """What was heard before the first step."""
        return self.history[0]

    @property
    def kept_moment(self) -> Moment:
        """What was heard of the signal that is the estimate."""
        return self.history[self.kept]

    def without_audio(self) -> "Outcome":
        """The same, for the record: audio is written as soon as it is there."""
        return replace(self, audio=np.zeros(0, np.float32))
