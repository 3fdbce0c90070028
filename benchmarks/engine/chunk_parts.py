"""Where the time of steering by perturbation goes, chunk by chunk, and what it must cost at least.

While the profile is taken, functions that the parts of the work go through are timed. Where one calls another, the time
is that of the inner one.
"""

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any
from unittest import mock

import torch
from floor import Counting, Products
from parts import synchronise
from torch.nn import functional as F

from stemsteer.generators.components.components import Components, ComponentsGenerator
from stemsteer.generators.settings import ComponentsSettings
from stemsteer.settings.config import Config
from stemsteer.sound.chunks import Chunk
from stemsteer.sound.resampling import Resampler
from stemsteer.sound.scaled_signal import WholeSignal
from stemsteer.stages.steer import Resources, load_method, method_settings
from stemsteer.steering.base import Steering, solve
from stemsteer.steering.method import Method
from stemsteer.steering.perturbation.decision import Decision
from stemsteer.steering.perturbation.questions import AudibleParts
from stemsteer.steering.problem import Problem, Wanted
from stemsteer.steering.settings import PerturbationSettings
from stemsteer.steering.track import TrackSteering
from stemsteer.taggers.labels import find_if_known
from stemsteer.taggers.sota_music_tagging.front_end import MelDecibels
from stemsteer.taggers.sota_music_tagging.hcnn import HarmonicSpectrogram
from stemsteer.taggers.vocabularies import NO_SOURCES

DICTIONARIES, SOUNDS, SIGNALS = "dictionaries (factorisation)", "sounds (median filters)", "signals of the parts"
SUBSETS, FRONT_ENDS, NETWORKS = "mixing of subsets", "front ends of taggers", "networks of taggers"
SHARING, STEMS, REST = "regression and sharing", "mixing of stems", "rest"
PARTS = (DICTIONARIES, SOUNDS, SIGNALS, SUBSETS, FRONT_ENDS, NETWORKS, SHARING, STEMS, REST)
SEED = 20211021  # of all that is random
RATES = 5  # measurements of each rate, of which the median counts
CHANNELS, KERNEL, IMAGE = 128, 3, (4, 96, 96)  # of a convolution that is as much work as the matrix product


@dataclass(frozen=True)
class Work:
    """What steering a song takes, as far as some of its chunks tell.

    Attributes:
        chunks: of the song.
        seconds: of one core, for a chunk, by part.
        operations: of the taggers, for a chunk.
        rates: of large float32 products with one thread, or on a GPU, operations / s.
    """

    chunks: int
    seconds: dict[str, float]
    operations: int
    rates: dict[str, float]

    def floors(self, cores: int) -> dict[str, float]:
        """Seconds that the taggers of the whole song need on so many cores, if all they do is such products."""
        return {product: self.chunks * self.operations / (rate * cores) for product, rate in self.rates.items()}


def work_of(config: Config, run: str, mixture: Path, sources: Sequence[str], number: int) -> Work:
    """Measured with `number` chunks from the middle of a mixture, in this process.

    Raises:
        UserError: the weights of a tagger or the device are not there.
    """
    settings = method_settings(config.runs[run])
    method = load_method(settings, Resources(None, {}, [], NO_SOURCES), config.device)
    track = TrackSteering(run, "song", WholeSignal(mixture), method)
    problems = [problem_of(track, chunk, sources) for chunk in middle(track.chunks, number)]
    seconds = profiled(track.steering, method, problems)
    return Work(
        chunks=len(track.chunks),
        seconds=seconds,
        operations=tagging_operations(method, problems[0]),
        rates=rates_on(method.device),
    )


def middle(chunks: Sequence[Chunk], number: int) -> Sequence[Chunk]:
    """So many chunks, or all, half-way through."""
    first = max(0, (len(chunks) - number) // 2)
    return chunks[first : first + number]


def problem_of(track: TrackSteering, chunk: Chunk, sources: Sequence[str]) -> Problem:
    """A chunk of a track, to be shared out among sources."""
    taggers = track.method.taggers
    labels = {source: {tagger.name: find_if_known(tagger.labels, source) for tagger in taggers} for source in sources}
    wanted = tuple(Wanted(source, labels[source], SEED) for source in sources)
    return Problem(chunk, track.signal.read(chunk.start, chunk.stop), track.signal.rate, SEED, wanted)


class Clock:
    """Adds up how long the parts of a computation on a device take.

    Attributes:
        seconds: by part. The time of a part in another one is not the other one's.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._open: list[str] = []
        self._since = 0.0

    @contextmanager
    def timed(self, part: str) -> Iterator[None]:
        """The block belongs to a part."""
        self._note()
        self._open.append(part)
        try:
            yield
        finally:
            self._note()
            self._open.pop()

    def _note(self) -> None:
        synchronise(self.device)
        now = time.perf_counter()
        if self._open:
            self.seconds[self._open[-1]] += now - self._since
        self._since = now


@contextmanager
def timing_parts(clock: Clock, method: Method) -> Iterator[None]:
    """In the block, a clock runs whenever a part of the work is done."""
    functions: list[tuple[type, str, str]] = [
        (ComponentsGenerator, "take_apart", DICTIONARIES),
        (Components, "sounds", SOUNDS),
        (Components, "signals", SIGNALS),
        (AudibleParts, "signals", SUBSETS),
        *((kind, "logits", FRONT_ENDS) for kind in {type(tagger) for tagger in method.taggers}),
        *((kind, "forward", NETWORKS) for kind in {type(tagger.network) for tagger in method.taggers}),
        *((kind, "forward", FRONT_ENDS) for kind in (MelDecibels, HarmonicSpectrogram)),  # inside networks
        (Decision, "gains", SHARING),
        (Components, "mix", STEMS),
    ]
    with ExitStack() as stack:
        for owner, name, part in functions:
            stack.enter_context(mock.patch.object(owner, name, _timed(clock, getattr(owner, name), part)))
        yield


def _timed(clock: Clock, function: Callable[..., Any], part: str) -> Callable[..., Any]:
    @wraps(function)
    def timed(*args: Any, **kwargs: Any) -> Any:
        with clock.timed(part):
            return function(*args, **kwargs)

    return timed


def profiled(steering: Steering, method: Method, problems: Sequence[Problem]) -> dict[str, float]:
    """Seconds that each part of a chunk takes, a mean over some chunks, before which another one fills caches."""
    clock = Clock(method.device)
    with timing_parts(clock, method):
        solve(steering.begin(problems[:1]))
        clock.seconds.clear()
        for problem in problems:
            with clock.timed(REST):
                solve(steering.begin([problem]))
    return {part: clock.seconds[part] / len(problems) for part in PARTS}


@torch.no_grad()
def tagging_operations(method: Method, problem: Problem) -> int:
    """Of the taggers on all that they hear of a chunk, counted in one window of each."""
    settings, mixture = method.settings.steering, torch.from_numpy(problem.mixture).to(method.generator.like)
    generator = method.settings.generator
    assert isinstance(settings, PerturbationSettings)
    assert isinstance(generator, ComponentsSettings)
    signals = hearings(settings, generator.dictionaries, len(problem.wanted))
    operations = 0
    for tagger in method.taggers:
        heard = Resampler(problem.rate, tagger.sample_rate).to(mixture.device)(mixture.mean(0, keepdim=True))
        windows = tagger.cut(heard, method.settings.taggers.windows)[0]
        with Counting() as counting:
            tagger.window_logits(windows[:1])
        operations += signals * len(windows) * counting.operations.total()
    return operations


def hearings(settings: PerturbationSettings, dictionaries: int, sources: int) -> int:
    """How many signals each tagger hears of a chunk: the mixture, the subsets, and each stem and its rest."""
    return 1 + settings.subsets * dictionaries + 2 * sources


@torch.no_grad()
def rates_on(device: torch.device) -> dict[str, float]:
    """Of large float32 products, operations / s.

    Libraries for the one are not always made for the processor that those for the other are made for: on some, a
    convolution is more than twice as fast as a matrix product. What a processor can do is the faster of both.
    """
    products = Products(device)
    return {
        "matrix product": statistics.median(products.rate() for _ in range(RATES)),
        "convolution": convolution_rate(device),
    }


def convolution_rate(device: torch.device) -> float:
    """Of a convolution with as many channels as those of the taggers have, operations / s."""
    images, height, width = IMAGE
    image = torch.randn(images, CHANNELS, height, width, device=device).to(memory_format=torch.channels_last)
    kernel = torch.randn(CHANNELS, CHANNELS, KERNEL, KERNEL, device=device).to(memory_format=torch.channels_last)
    seconds = []
    for _ in range(RATES + 1):
        synchronise(device)
        started = time.perf_counter()
        F.conv2d(image, kernel, padding="same")
        synchronise(device)
        seconds.append(time.perf_counter() - started)
    return 2 * image.numel() * kernel[0].numel() / statistics.median(seconds[1:])  # the first one fills caches
