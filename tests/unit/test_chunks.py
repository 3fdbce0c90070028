"""Chunks cover a signal once, and joining them again changes nothing."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stemsteer.sound.chunks import OverlapAdd, blocks_with_context, crossfade_weights, plan

lengths = st.integers(1, 3000)
longest = st.integers(30, 500)


@given(lengths, longest, st.integers(0, 10))
def test_chunks_cover_the_signal_with_the_wanted_overlap(samples: int, longest: int, overlap: int) -> None:
    chunks = plan(samples, longest, overlap)
    assert chunks[0].start == 0
    assert chunks[-1].stop == samples
    assert all(chunk.stop - chunk.start <= longest for chunk in chunks)
    assert all(overlap <= left.stop - right.start <= overlap + 2 for left, right in pairwise(chunks))
    assert len({chunk.stop - chunk.start for chunk in chunks}) == 1


@given(lengths, longest, st.integers(0, 10))
def test_weights_sum_to_one_everywhere(samples: int, longest: int, overlap: int) -> None:
    chunks = plan(samples, longest, overlap)
    total = np.zeros(samples)
    for chunk in chunks:
        weights = crossfade_weights(chunks, chunk.index)
        assert weights.min() > 0
        total[chunk.start : chunk.stop] += weights
    np.testing.assert_allclose(total, 1, atol=1e-6)


@given(lengths, longest, st.integers(0, 10), st.integers(0, 2**32 - 1))
def test_joining_the_pieces_of_a_signal_gives_the_signal(samples: int, longest: int, overlap: int, seed: int) -> None:
    signal = np.random.default_rng(seed).standard_normal(samples).astype(np.float32)
    chunks = plan(samples, longest, overlap)
    joined = OverlapAdd(chunks)
    pieces = [joined.add(chunk.index, signal[chunk.start : chunk.stop]) for chunk in chunks]
    np.testing.assert_allclose(np.concatenate(pieces), signal, atol=1e-6)


def test_two_different_constants_meet_in_a_straight_line() -> None:
    chunks = plan(100, 60, 20)
    joined = OverlapAdd(chunks)
    signal = np.concatenate([joined.add(0, np.zeros(60, np.float32)), joined.add(1, np.ones(60, np.float32))])
    steps = np.diff(signal)
    assert steps.max() == pytest.approx(1 / 20, abs=1e-6)
    assert (signal[:40] == 0).all()
    assert (signal[60:] == 1).all()


def test_an_overlap_in_which_three_chunks_meet_is_refused() -> None:
    with pytest.raises(ValueError, match="third"):
        plan(1000, 100, 40)


@given(lengths, st.integers(1, 300), st.integers(0, 200), st.integers(1, 16))
def test_blocks_tile_the_signal_on_a_grid(samples: int, block: int, context: int, align: int) -> None:
    position = 0
    for start, stop, first, last in blocks_with_context(samples, block, context, align):
        assert start == position
        assert start % align == first % align == 0
        assert first == 0 or start - first >= context
        assert last == samples or last - stop >= context
        position = stop
    assert position == samples
