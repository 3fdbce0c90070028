"""`stemsteer doctor` asks a real controller."""

import pytest

from stemsteer.command_line.checks.cluster import slurm
from stemsteer.command_line.checks.finding import Mark


@pytest.mark.usefixtures("cluster")
def test_the_controller_answers_with_its_partitions() -> None:
    finding = slurm()
    assert finding.mark is Mark.OK
    assert finding.found == "the controller answers; partitions: cpu* (up, 1 nodes), gpu (up, 1 nodes)"
