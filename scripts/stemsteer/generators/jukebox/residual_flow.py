"""A stack of residual blocks on a CPU, forward and backward to its input, at the speed of its matrix products.

Layer by layer, every operation would carry the whole signal through memory, and a CPU would wait for memory most of the
time. Here a few thousand frames at a time pass all blocks while they are in the cache. A block can go as far as the
future that its convolution needs is there, so that each follows the one before it at the distance of its dilation; what
it needs of the past it carries along. Every number is computed once. Threads share the blocks out among themselves and
follow each other through time in the same way; the result is the same to the bit, however many there are.

Signals are time-major, `[frames, width]`: a shift in time is a shift of rows, and a dilated convolution is three matrix
products. The backward pass is a stack of the same form, in the reverse order: of the forward one it needs to know
only which of the rectifiers' inputs were positive.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, pairwise
from threading import Semaphore
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

FRAMES_AT_ONCE = 2048  # of width 64 in float32: 0.5 MB, of which a core's cache must hold three or four


@dataclass(frozen=True)
class Block:
    """The weights of x + mix(relu(convolve(relu(x)))), each matrix `[width in, width out]`.

    `taps` `[3, width, width]` weigh the frames at t - dilation, t and t + dilation.
    """

    dilation: int
    taps: Tensor
    bias: Tensor
    mix: Tensor
    mix_bias: Tensor


def residual_stack(hidden: Tensor, blocks: Sequence[Block]) -> Tensor:
    """Replace `hidden` `[frames, width]` by what the blocks make of it; differentiates with respect to it alone."""
    return _ResidualStack.apply(hidden, blocks)


class _ResidualStack(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, hidden: Tensor, blocks: Sequence[Block]) -> Tensor:
        positive = torch.empty(len(blocks), 2, *hidden.shape, dtype=torch.bool)
        _flow([_Forward(block, hidden, *signs) for block, signs in zip(blocks, positive, strict=True)])
        ctx.mark_dirty(hidden)
        ctx.save_for_backward(positive)
        ctx.blocks = blocks
        return hidden

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (positive,) = ctx.saved_tensors
        gradient = gradient.clone(memory_format=torch.contiguous_format)
        # The same bytes as zeros and ones, which PyTorch converts to floats many times faster than flags.
        numbers = positive.view(torch.int8)
        layers = [_Backward(block, gradient, *signs) for block, signs in zip(ctx.blocks, numbers, strict=True)]
        _flow(layers[::-1])
        return gradient, None


class _Layer(ABC):
    """What one block adds to `signal` `[frames, width]`, in place, one part of FRAMES_AT_ONCE after the other.

    Two steps with a convolution between them: `enter` makes what it convolves out of the signal's own frames, and
    `leave` adds to the signal what comes of it.
    """

    def __init__(self, block: Block, signal: Tensor, outer_positive: Tensor, inner_positive: Tensor) -> None:
        self.block = block
        self.signal = signal
        self.outer_positive = outer_positive
        self.inner_positive = inner_positive

    def start(self, delay: int, parts: int) -> None:
        """Make ready for so many parts, `delay` frames behind the signal: as many as the layers before hold back."""
        dilation = self.block.dilation
        self.entering = self._parts(delay, parts)
        self.leaving = self._parts(delay + dilation, parts)
        # What is convolved, in the order of time: the past that is still needed, then room for the next parts.
        self.past = 2 * dilation
        room = max(2 * self.past // FRAMES_AT_ONCE, 1)  # so that the past is seldom moved to the beginning
        self.window = self.signal.new_zeros(self.past + room * FRAMES_AT_ONCE, self.signal.shape[1])
        views = [self.window[begin * FRAMES_AT_ONCE :][: self.past + FRAMES_AT_ONCE] for begin in range(room)]
        self.rooms = [
            (view[self.past :], [view[tap * dilation :][:FRAMES_AT_ONCE] for tap in range(3)]) for view in views
        ]

    def _parts(self, delay: int, number: int) -> "list[_Part]":
        """So many parts, of which the first begins `delay` frames before the signal."""
        edges = [min(max(part * FRAMES_AT_ONCE - delay, 0), len(self.signal)) for part in range(number + 1)]
        sizes = [stop - start for start, stop in pairwise(edges)]
        firsts = [max(delay - part * FRAMES_AT_ONCE, 0) for part in range(number)]
        tensors = (self.signal, self.outer_positive, self.inner_positive)
        signal, outer, inner = (tensor[: edges[-1]].split(sizes) for tensor in tensors)
        return [_Part(*part) for part in zip(signal, outer, inner, firsts, sizes, strict=True)]

    @abstractmethod
    def enter(self, part: "_Part", out: Tensor) -> None:
        """Write what is convolved at these frames."""

    @abstractmethod
    def leave(self, part: "_Part", around: Sequence[Tensor], scratch: Tensor) -> None:
        """Add to these frames what follows from the convolved `around` them: before, at and after."""

    def advance(self, number: int, scratch: Tensor) -> None:
        """Let enter what the layers before this one have finished since the last time, and leave what now can."""
        room = number % len(self.rooms)
        if room == 0:
            self.window[: self.past] = self.window[-self.past :].clone()
        entered, around = self.rooms[room]
        part = self.entering[number]
        if part.frames < FRAMES_AT_ONCE:  # the signal begins or ends here, and beyond it is silence
            entered.zero_()
            entered = entered[part.first :][: part.frames]
        self.enter(part, entered)
        part = self.leaving[number]
        if part.frames < FRAMES_AT_ONCE:
            around = [frames[part.first :][: part.frames] for frames in around]
            scratch = scratch[: part.frames]
        self.leave(part, around, scratch)


@dataclass(frozen=True)
class _Part:
    """A part of the signal and of its signs; fewer frames than FRAMES_AT_ONCE, from `first` on, at the ends."""

    signal: Tensor
    outer_positive: Tensor
    inner_positive: Tensor
    first: int
    frames: int


class _Forward(_Layer):
    """The signal is the hidden one, and it is noted which of the rectifiers' inputs are positive."""

    def __init__(self, block: Block, signal: Tensor, outer_positive: Tensor, inner_positive: Tensor) -> None:
        super().__init__(block, signal, outer_positive, inner_positive)
        self.taps = block.taps.unbind()

    def enter(self, part: _Part, out: Tensor) -> None:
        torch.clamp_min(part.signal, 0, out=out)
        part.outer_positive.copy_(out)

    def leave(self, part: _Part, around: Sequence[Tensor], scratch: Tensor) -> None:
        before, here, after = self.taps
        torch.addmm(self.block.bias, around[0], before, out=scratch)
        scratch.addmm_(around[1], here).addmm_(around[2], after).relu_()
        part.inner_positive.copy_(scratch)
        part.signal.addmm_(scratch, self.block.mix).add_(self.block.mix_bias)


class _Backward(_Layer):
    """The signal is the loss's gradient with respect to the block's output, and becomes that to its input."""

    def __init__(self, block: Block, signal: Tensor, outer_positive: Tensor, inner_positive: Tensor) -> None:
        super().__init__(block, signal, outer_positive, inner_positive)
        self.taps = block.taps.mT.contiguous().unbind()
        self.mix = block.mix.T.contiguous()

    def enter(self, part: _Part, out: Tensor) -> None:
        torch.mm(part.signal, self.mix, out=out)
        out.mul_(part.inner_positive)

    def leave(self, part: _Part, around: Sequence[Tensor], scratch: Tensor) -> None:
        before, here, after = self.taps
        # What a frame gave to the one after it comes back from there.
        torch.mm(around[0], after, out=scratch)
        scratch.addmm_(around[1], here).addmm_(around[2], before)
        part.signal.addcmul_(scratch, part.outer_positive)


def _flow(layers: Sequence[_Layer]) -> None:
    """Let all layers pass through their signal, on as many threads as PyTorch has."""
    delays = [0, *accumulate(layer.block.dilation for layer in layers)]
    parts = -(-(len(layers[0].signal) + delays[-1]) // FRAMES_AT_ONCE)
    with torch.inference_mode():
        for layer, delay in zip(layers, delays[:-1], strict=True):
            layer.start(delay, parts)
    threads = min(torch.get_num_threads(), len(layers))
    shares = [layers[len(layers) * i // threads : len(layers) * (i + 1) // threads] for i in range(threads)]
    # How many parts of the signal are ready for each share of the layers; for the first, all of them.
    ready = [Semaphore(parts), *(Semaphore(0) for _ in shares)]
    work = list(zip(shares, ready[:-1], ready[1:], strict=True))
    if threads == 1:
        _pass_through(parts, *work[0])
        return
    tasks = [_workers(threads).submit(_pass_through, parts, *mine) for mine in work]
    for task in tasks:
        task.result()


def _pass_through(parts: int, layers: Sequence[_Layer], ready: Semaphore, done: Semaphore) -> None:
    signal = layers[0].signal
    with torch.inference_mode():
        scratch = signal.new_empty(FRAMES_AT_ONCE, signal.shape[1])
        try:
            for number in range(parts):
                ready.acquire()
                for layer in layers:
                    layer.advance(number, scratch)
                done.release()
        finally:
            done.release(parts)  # after an error too, nobody must wait for ever


@cache
def _workers(threads: int) -> ThreadPoolExecutor:
    """Threads on each of which PyTorch's operations use one core."""
    return ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,))
