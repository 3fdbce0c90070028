"""One cluster for all tests of this folder."""

from collections.abc import Iterator

import pytest

import cluster as slurm
from submission import Submission, prepare


@pytest.fixture(scope="session")
def cluster() -> Iterator[slurm.Cluster]:
    if reason := slurm.why_not():
        pytest.skip(reason)
    with slurm.cluster() as running:
        yield running


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Submission:
    """Tracks that are ready for their ascents."""
    return prepare(tmp_path_factory.mktemp("prepared"))
