"""Fixtures of several unit tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from report_results import make_results


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Results of one run that a test may damage."""
    make_results(tmp_path, seconds=0.1, tracks=("song",))
    return tmp_path


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """The CPU threads of a job, on which the last bits of a result depend."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
