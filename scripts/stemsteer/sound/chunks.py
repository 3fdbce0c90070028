"""Long signals in overlapping chunks, joined without clicks."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Signal = NDArray[np.float32]


@dataclass(frozen=True)
class Chunk:
    """Samples `start` to `stop` of a track."""

    index: int
    start: int
    stop: int


def plan(samples: int, longest: int, overlap: int) -> list[Chunk]:
    """Cover `samples` with chunks of at most `longest` samples, each sharing `overlap` or little more with the next.

    All chunks are equally long, so that no short remainder is left to be heard by a tagger on its own, and so that they
    can be steered side by side.

    Raises:
        ValueError: the overlap is more than a third of a chunk, so that three chunks could meet.
    """
    if 3 * overlap > longest:
        raise ValueError(f"an overlap of {overlap} samples is more than a third of a chunk of {longest}")
    if samples <= longest:
        return [Chunk(0, 0, samples)]
    number = math.ceil((samples - overlap) / (longest - overlap))
    length = math.ceil((samples + (number - 1) * overlap) / number)
    starts = [index * (samples - length) // (number - 1) for index in range(number)]
    return [Chunk(index, start, start + length) for index, start in enumerate(starts)]


def plan_seconds(samples: int, rate: int, longest: float, overlap: float) -> list[Chunk]:
    """`plan` at a rate (Hz), with the longest chunk and the overlap in seconds."""
    return plan(samples, round(longest * rate), round(overlap * rate))


def crossfade_weights(chunks: list[Chunk], index: int) -> Signal:
    """The weight of each sample of chunk `index` where it meets its neighbours; the weights of all chunks sum to one.

    Linear ramps over the overlaps, which keep the sum of two alike signals exact.
    """
    here = chunks[index]
    weights = np.ones(here.stop - here.start, dtype=np.float32)
    if index > 0 and (shared := chunks[index - 1].stop - here.start) > 0:
        weights[:shared] *= _ramp(shared)
    if index + 1 < len(chunks) and (shared := here.stop - chunks[index + 1].start) > 0:
        weights[-shared:] *= 1 - _ramp(shared)
    return weights


def _ramp(samples: int) -> Signal:
    return ((np.arange(samples, dtype=np.float32) + 0.5) / samples).astype(np.float32)


class OverlapAdd:
    """Join chunks that come in order, holding no more than one overlap."""

    def __init__(self, chunks: list[Chunk]) -> None:
        self._chunks = chunks
        self._pending: Signal | None = None

    def add(self, index: int, signal: Signal) -> Signal:
        """Take chunk `index` `[..., samples]` and return the samples that are now final."""
        chunks = self._chunks
        weighted = signal * crossfade_weights(chunks, index)
        if self._pending is not None:
            weighted[..., : self._pending.shape[-1]] += self._pending
        is_last = index + 1 == len(chunks)
        final = weighted.shape[-1] if is_last else chunks[index + 1].start - chunks[index].start
        self._pending = weighted[..., final:]
        return weighted[..., :final]


def blocks_with_context(samples: int, block: int, context: int, align: int) -> Iterator[tuple[int, int, int, int]]:
    """Cut `samples` into blocks, each with what is around it: yields (start, stop, from, to).

    `from` to `to` is the block with up to `context` samples on either side, within the signal; `from`, `start` and
    `block` are multiples of `align`, so that a block lies on the same grid as the whole.
    """
    block = -(-block // align) * align
    context = -(-context // align) * align
    for start in range(0, samples, block):
        stop = min(start + block, samples)
        yield start, stop, max(0, start - context), min(samples, stop + context)
