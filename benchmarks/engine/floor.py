"""What a step must cost: the floating-point operations that it cannot do without, and the memory that it goes through.

An operation is a multiplication or an addition. What is needed are the dense operations of the networks, forward and
backward with respect to their inputs alone, which takes as many again. The gradient of weights is not needed, nor other
levels of the codec, nor what is computed of the silence alone that fills up a tagger's window.
"""

import math
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from parts import DECODER, MASK, QUANTISER, RESAMPLER, naming_parts, open_parts, synchronise
from setting import Workload
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from stemsteer.generators.jukebox.architecture import STRIDE, Architecture
from stemsteer.generators.jukebox.codec import JukeboxCodec
from stemsteer.steering.base import Solver, solve

MATRIX = {"cpu": 2048}  # rows of the matrices whose product sets the rate
MATRIX_ON_DEVICES = 8192
COPIED = 1 << 28  # bytes of the array whose copy sets the rate
# Products that are added to their output count as others do.
IN_PLACE = {torch.ops.aten.addmm_: torch.ops.aten.addmm, torch.ops.aten.baddbmm_: torch.ops.aten.baddbmm}


class Counting(TorchDispatchMode):
    """Counts the operations of products, convolutions and FFTs in a block by the innermost open part.

    With `depending`, only those count whose results are not numbers: fed with audio that is not a number, a network's
    operations that depend on it.
    """

    def __init__(self, depending: bool = False) -> None:
        super().__init__()
        self.depending = depending
        self.operations: Counter[str] = Counter()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        out = func(*args, **kwargs)
        if count := _operations(func._overloadpacket, args, kwargs, out):
            share = out.isnan().double().mean().item() if self.depending else 1.0
            self.operations[open_parts[-1] if open_parts else ""] += round(share * count)
        return out


def _operations(operator: Any, args: Any, kwargs: Any, out: Any) -> float:
    if operator is torch.ops.aten._fft_r2c:
        return fft_operations(args[0].shape[args[1][0]]) * out.numel() / out.shape[args[1][0]]
    if operator is torch.ops.aten._fft_c2r:
        return fft_operations(args[3]) * out.numel() / args[3]
    count = flop_registry.get(IN_PLACE.get(operator, operator))
    return count(*args, **kwargs, out_val=out) if count else 0


def fft_operations(size: int) -> float:
    """Of one FFT of real numbers (Cooley and Tukey's, half of 5 N log2 N), forward or inverse."""
    return 2.5 * size * math.log2(size)


@torch.no_grad()
def needed(workload: Workload) -> dict[str, int]:
    """The operations, by part, that a step cannot do without."""
    codec, solver = workload.method.generator, workload.begin()
    assert isinstance(codec, JukeboxCodec)
    shape, hearing = codec.vqvae.architecture, solver.hearing
    batch, channels, frames = solver.latents.start.shape
    audio = torch.zeros_like(hearing.mixtures)
    with naming_parts(solver):
        with Counting() as shared:
            signals = hearing.views(audio).flatten(0, 1)
            heard = hearing.listeners[0].resampler(signals)
        with Counting(depending=True) as tagging:
            for listener in hearing.listeners:
                listener.tagger.logits(torch.full_like(heard[:1], math.nan), listener.windows)
    return {
        QUANTISER: 2 * batch * frames * channels * shape.codes,  # the search, which has no gradient
        DECODER: 2 * batch * decoder_operations(shape, frames),
        MASK: 2 * shared.operations[MASK],
        RESAMPLER: 2 * shared.operations[RESAMPLER],
        **{part: 2 * len(heard) * count for part, count in tagging.operations.items()},
    }


def decoder_operations(shape: Architecture, frames: int) -> int:
    """Of a forward pass of the decoder, for an excerpt of so many latent frames."""
    products = 0
    for halvings in reversed(shape.halvings):
        products += frames * 3 * shape.latent_channels * shape.width
        for index in range(halvings):
            width_out = shape.latent_channels if index == halvings - 1 else shape.width
            products += frames * shape.depth * (3 + 1) * shape.width**2
            products += frames * 2 * STRIDE * shape.width * width_out
            frames *= STRIDE
    return 2 * (products + frames * 3 * shape.latent_channels)


@dataclass(frozen=True)
class CarriedOut:
    """What a step really does: its operations, needed or not, and the bytes that it keeps for the way back.

    What is kept is too much for any cache: it goes to main memory and comes back.
    """

    operations: int
    kept: int


def carried_out(workload: Workload) -> CarriedOut:
    """Counted in the second of two steps, after caches are filled."""
    seen: list[CarriedOut] = []
    solver = workload.begin(steps=2)

    def on_step(_: Solver) -> None:
        seen.append(CarriedOut(counting.operations.total(), sum(kept.values())))
        counting.operations.clear()
        kept.clear()

    with Counting() as counting, noting_what_is_kept() as kept:
        solve(solver, on_step)
    return seen[1]


@contextmanager
def noting_what_is_kept() -> Iterator[dict[int, int]]:
    """The bytes of all memory, by its address, that graphs made in the block keep for their gradients."""
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        memory = tensor.untyped_storage()
        kept[memory.data_ptr()] = memory.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        yield kept


class Products:
    """The rate of a large float32 matrix product, in operations a second: what a device can do at best."""

    def __init__(self, device: torch.device) -> None:
        size = MATRIX.get(device.type, MATRIX_ON_DEVICES)
        self._matrix = torch.randn(size, size, device=device)
        self._matrix @ self._matrix

    def rate(self) -> float:
        return 2 * len(self._matrix) ** 3 / _seconds(lambda: self._matrix @ self._matrix, self._matrix.device)


def copying_rate(device: torch.device) -> float:
    """Bytes a second, read and written, of the best of five copies of a large array."""
    source = torch.ones(COPIED, dtype=torch.uint8, device=device)
    target = torch.ones_like(source)
    return 2 * COPIED / min(_seconds(lambda: target.copy_(source), device) for _ in range(5))


def _seconds(work: Any, device: torch.device) -> float:
    synchronise(device)
    started = time.perf_counter()
    work()
    synchronise(device)
    return time.perf_counter() - started
