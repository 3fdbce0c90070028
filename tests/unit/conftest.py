"""Fixtures of several unit tests."""

from pathlib import Path

import pytest

from report_results import make_results


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Results of one run that a test may damage."""
    make_results(tmp_path, seconds=0.1, tracks=("song",))
    return tmp_path
