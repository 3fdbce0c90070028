"""Where a step's time goes: a profile of steering by gradient by its parts, forward and backward.

While it is taken, the functions that parts of a step go through are ranges of PyTorch's profiler. Whatever runs in a
range is that part's (the innermost one's, where they are nested), on the way back as well: the profiler says of every
gradient which operator it belongs to.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache, wraps
from typing import Any
from unittest import mock

import torch
from setting import Workload
from torch.autograd import DeviceType  # type: ignore[attr-defined]
from torch.autograd.profiler_util import FunctionEvent
from torch.profiler import ProfilerActivity, profile, record_function

from stemsteer.sound.resampling import Resampler
from stemsteer.steering.base import Solver, solve
from stemsteer.steering.gradient import GradientSolver
from stemsteer.taggers.base import Tagger
from stemsteer.taggers.mel_power import MelPower
from stemsteer.taggers.sota_music_tagging.front_end import MelDecibels
from stemsteer.taggers.sota_music_tagging.hcnn import HarmonicSpectrogram

QUANTISER, DECODER, MASK, RESAMPLER = "quantiser", "decoder", "mask", "resampler"
FRONT_ENDS, OBJECTIVE, OPTIMISER, REST = "tagger front ends", "objective", "optimiser", "rest"
PREFIX = "part: "  # tells our ranges from others
GRADIENT = "autograd::engine::evaluate_function: "
OPTIMISER_EVENTS = ("Optimizer.step#", "Optimizer.zero_grad#")


@dataclass
class Cost:
    """Seconds a step; of the CPU, or of the device where there is another."""

    forward: float = 0.0
    backward: float = 0.0

    @property
    def total(self) -> float:
        return self.forward + self.backward


def network_of(tagger: Tagger) -> str:
    """The part that a tagger is without its front end."""
    return f"network of {tagger.name}"


def parts_of(solver: GradientSolver) -> list[str]:
    """All parts of its steps, in their order."""
    networks = [network_of(listener.tagger) for listener in solver.hearing.listeners]
    return [QUANTISER, DECODER, MASK, RESAMPLER, FRONT_ENDS, *networks, OBJECTIVE, OPTIMISER, REST]


# The parts whose ranges are open, the innermost last.
open_parts: list[str] = []


@contextmanager
def naming_parts(solver: GradientSolver) -> Iterator[None]:
    """In the block, parts of a step are ranges of the profiler and lie in `open_parts` while they run."""
    functions: list[tuple[type, str, str | Callable[[Any], str]]] = [
        (type(solver.latents), "decode", QUANTISER),  # without the decoder
        (type(solver.method.generator), "decode", DECODER),
        (GradientSolver, "losses", OBJECTIVE),  # without mask, resampler and tagger
        (type(solver.hearing.views), "__call__", MASK),
        (Resampler, "forward", RESAMPLER),
        *((kind, "logits", network_of) for kind in {type(listener.tagger) for listener in solver.hearing.listeners}),
        *((kind, "forward", FRONT_ENDS) for kind in (MelPower, MelDecibels, HarmonicSpectrogram)),
    ]
    with ExitStack() as stack:
        for owner, name, part in functions:
            stack.enter_context(mock.patch.object(owner, name, _in_range(getattr(owner, name), part)))
        yield


def _in_range(function: Callable[..., Any], part: str | Callable[[Any], str]) -> Callable[..., Any]:
    @wraps(function)
    def ranged(self: Any, *args: Any, **kwargs: Any) -> Any:
        name = part if isinstance(part, str) else part(self)
        open_parts.append(name)
        try:
            with record_function(PREFIX + name):
                return function(self, *args, **kwargs)
        finally:
            open_parts.pop()

    return ranged


def profiled(workload: Workload, steps: int) -> tuple[dict[str, Cost], float]:
    """What each part of a step costs, and the seconds that a step took under the profiler: means over steps.

    The first step, in which caches are filled, is not among them. What belongs to no part is the rest, and so is the
    time in which nothing ran.
    """
    device = workload.method.device
    solver = workload.begin(steps + 1)
    activities = [ProfilerActivity.CPU] + [ProfilerActivity.CUDA] * (device.type == "cuda")
    profiler = profile(activities=activities, acc_events=True)
    times: list[float] = []

    def on_step(_: Solver) -> None:
        synchronise(device)
        times.append(time.perf_counter())
        if len(times) == 1:
            profiler.start()
            times[0] = time.perf_counter()
        elif len(times) == steps + 1:
            profiler.stop()

    with naming_parts(solver):
        solve(solver, on_step)
    seconds = (times[-1] - times[0]) / steps
    costs = dict.fromkeys(parts_of(solver), Cost()) | _costs(list(profiler.events() or []), device, steps)
    costs[REST].forward += seconds - sum(cost.total for cost in costs.values())
    return costs, seconds


def synchronise(device: torch.device) -> None:
    """Wait until a device has done what it was asked to."""
    if device.type != "cpu":
        torch.accelerator.synchronize(device)


def _costs(events: list[FunctionEvent], device: torch.device, steps: int) -> dict[str, Cost]:
    events = [event for event in events if event.device_type == DeviceType.CPU]  # devices' are attached to these
    events.sort(key=lambda event: event.time_range.start)
    place = _places(events)
    costs: defaultdict[str, Cost] = defaultdict(Cost)
    costs[REST] = Cost()
    for event in events:
        part, backward = place(event)
        own = event.self_device_time_total if device.type == "cuda" else event.self_cpu_time_total
        seconds = own / 1e6 / steps
        if backward:
            costs[part].backward += seconds
        else:
            costs[part].forward += seconds
    return costs


def _places(events: list[FunctionEvent]) -> Callable[[FunctionEvent], tuple[str, bool]]:
    """Tells of an event its part and whether it happened on the way back. `events` are all of them, in their order.

    An operator that makes a node of the graph carries the node's number, and so does the event in which that node's
    gradient is computed. Operators just before it that made no node carry the same number: the last one counts.
    """
    parts_of_nodes: dict[int, str] = {}

    @cache
    def place(event: FunctionEvent) -> tuple[str, bool]:
        around = place(event.cpu_parent) if event.cpu_parent else (REST, False)
        if event.name.startswith(PREFIX):
            return event.name.removeprefix(PREFIX), around[1]
        if event.name.startswith(OPTIMISER_EVENTS):
            return OPTIMISER, False
        if event.name.startswith(GRADIENT):
            return parts_of_nodes.get(event.sequence_nr, REST), True
        return around

    for event in events:
        if event.sequence_nr >= 0 and not event.name.startswith(GRADIENT) and not _computes_gradient(event):
            parts_of_nodes[event.sequence_nr] = place(event)[0]
    return place


def _computes_gradient(event: FunctionEvent) -> bool:
    """Whether an event is a gradient's computation itself, which carries its node's number too."""
    return event.cpu_parent is not None and event.cpu_parent.name == GRADIENT + event.name
