"""What is said where Slurm refuses a job."""

import pytest

from stemsteer.jobs.slurm_hints import hint

REFUSED = "sbatch: error: {reason}\nsbatch: error: Batch job submission failed: {reason}\n"


@pytest.mark.parametrize(
    ("reason", "key"),
    [
        ("invalid partition specified: gpu", "slurm_partition"),
        ("Invalid account or account/partition combination specified", "slurm_account"),
        ("Invalid generic resource (gres) specification", "gres"),
        ("Invalid qos specification", "qos"),
        ("Requested node configuration is not available", "constraint"),
    ],
)
def test_a_refusal_is_answered_by_what_to_set(reason: str, key: str) -> None:
    said = hint(REFUSED.format(reason=reason))
    assert said is not None
    assert key in said
    assert "profiles/slurm/config.yaml" in said


def test_other_failures_are_not_slurms() -> None:
    assert hint("error: 'music/broken.mp3' cannot be read as audio") is None
