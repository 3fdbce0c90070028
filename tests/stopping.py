"""A solver that is stopped from outside at a step, as by Ctrl-C."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from stemsteer.steering.base import Solver


@contextmanager
def stopped_before(step: int, solver: type[Solver]) -> Iterator[None]:
    """Stop the steering in the block when a solver of this class is about to leave `step`; it must come to that."""
    advance = solver.advance

    def stop(self: Solver) -> None:
        if self.step == step:
            raise KeyboardInterrupt
        advance(self)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(solver, "advance", stop)
        with pytest.raises(KeyboardInterrupt):
            yield
