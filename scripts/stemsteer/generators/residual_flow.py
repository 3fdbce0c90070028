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
        layers = [_Backward(block, gradient, *signs) for block, signs in zip(ctx.blocks, positive, strict=True)]
        _flow(layers[::-1])
        return gradient, None


class _Layer(ABC):
    """What one block adds to `signal` `[frames, width]`, in place.

    Two steps with a convolution between them: `enter` makes what it convolves out of the signal's own frames, and
    `leave` adds to the signal what comes of it.

    Attributes:
        delay: how many frames the layers before this one hold back.
    """

    delay = 0

    def __init__(self, block: Block, signal: Tensor, outer_positive: Tensor, inner_positive: Tensor) -> None:
        self.block = block
        self.signal = signal
        self.outer_positive = outer_positive
        self.inner_positive = inner_positive
        self.carried = signal.new_zeros(2 * block.dilation, signal.shape[1])

    @abstractmethod
    def enter(self, frames: slice, out: Tensor) -> None:
        """Write what is convolved at these frames."""

    @abstractmethod
    def leave(self, frames: slice, around: Sequence[Tensor], scratch: Tensor) -> None:
        """Add to these frames what follows from the convolved `around` them: before, at and after."""

    def advance(self, start: int, window: Tensor, scratch: Tensor) -> None:
        """Let enter what the layers before this one have finished since the last time, and leave what now can."""
        dilation = self.block.dilation
        window = window[: 2 * dilation + FRAMES_AT_ONCE]
        window[: 2 * dilation] = self.carried
        entered = window[2 * dilation :]
        first = start - self.delay
        there = self._those_there(first)
        if len(there) < FRAMES_AT_ONCE:  # the signal begins or ends here, and beyond it is silence
            entered.zero_()
        if there:
            self.enter(slice(there.start, there.stop), entered[there.start - first : there.stop - first])
        self.carried.copy_(window[FRAMES_AT_ONCE:])

        first -= dilation
        there = self._those_there(first)
        if there:
            shifts = (there.start - first + tap * dilation for tap in range(3))
            around = [window[shift : shift + len(there)] for shift in shifts]
            self.leave(slice(there.start, there.stop), around, scratch[: len(there)])

    def _those_there(self, first: int) -> range:
        return range(max(first, 0), min(first + FRAMES_AT_ONCE, len(self.signal)))


class _Forward(_Layer):
    """The signal is the hidden one, and it is noted which of the rectifiers' inputs are positive."""

    def enter(self, frames: slice, out: Tensor) -> None:
        torch.clamp_min(self.signal[frames], 0, out=out)
        self.outer_positive[frames] = out

    def leave(self, frames: slice, around: Sequence[Tensor], scratch: Tensor) -> None:
        before, here, after = self.block.taps
        torch.addmm(self.block.bias, around[0], before, out=scratch)
        scratch.addmm_(around[1], here).addmm_(around[2], after).relu_()
        self.inner_positive[frames] = scratch
        self.signal[frames].addmm_(scratch, self.block.mix).add_(self.block.mix_bias)


class _Backward(_Layer):
    """The signal is the loss's gradient with respect to the block's output, and becomes that to its input."""

    def enter(self, frames: slice, out: Tensor) -> None:
        torch.mm(self.signal[frames], self.block.mix.T, out=out)
        out.mul_(_as_numbers(self.inner_positive[frames]))

    def leave(self, frames: slice, around: Sequence[Tensor], scratch: Tensor) -> None:
        before, here, after = self.block.taps
        # What a frame gave to the one after it comes back from there.
        torch.mm(around[0], after.T, out=scratch)
        scratch.addmm_(around[1], here.T).addmm_(around[2], before.T)
        self.signal[frames].addcmul_(scratch, _as_numbers(self.outer_positive[frames]))


def _as_numbers(flags: Tensor) -> Tensor:
    """The same bytes as zeros and ones, which PyTorch converts to floats many times faster than flags."""
    return flags.view(torch.int8)


def _flow(layers: Sequence[_Layer]) -> None:
    """Let all layers pass through their signal, on as many threads as PyTorch has."""
    delay = 0
    for layer in layers:
        layer.delay = delay
        delay += layer.block.dilation
    starts = range(0, len(layers[0].signal) + delay, FRAMES_AT_ONCE)
    threads = min(torch.get_num_threads(), len(layers))
    shares = [layers[len(layers) * i // threads : len(layers) * (i + 1) // threads] for i in range(threads)]
    # How many parts of the signal are ready for each share of the layers; for the first, all of them.
    ready = [Semaphore(len(starts)), *(Semaphore(0) for _ in shares)]
    work = list(zip(shares, ready[:-1], ready[1:], strict=True))
    if threads == 1:
        _pass_through(starts, *work[0])
        return
    tasks = [_workers(threads).submit(_pass_through, starts, *mine) for mine in work]
    for task in tasks:
        task.result()


def _pass_through(starts: range, layers: Sequence[_Layer], ready: Semaphore, done: Semaphore) -> None:
    signal = layers[0].signal
    longest = 2 * max(layer.block.dilation for layer in layers) + FRAMES_AT_ONCE
    with torch.inference_mode():
        window, scratch = (signal.new_empty(frames, signal.shape[1]) for frames in (longest, FRAMES_AT_ONCE))
        try:
            for start in starts:
                ready.acquire()
                for layer in layers:
                    layer.advance(start, window, scratch)
                done.release()
        finally:
            done.release(len(starts))  # after an error too, nobody must wait for ever


@cache
def _workers(threads: int) -> ThreadPoolExecutor:
    """Threads on each of which PyTorch's operations use one core."""
    return ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,))
