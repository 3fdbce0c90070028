"""What a job says when it fails: in its log, on stderr and by its exit status."""

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from stemsteer.errors import told_in_log

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
JOB = """
import logging
import sys

sys.path.insert(0, {scripts!r})
from stemsteer.errors import UserError, told_in_log

with told_in_log({log!r}):
    logging.info("begun")
    {body}
"""


def run(log: Path, body: str) -> subprocess.CompletedProcess[str]:
    program = JOB.format(scripts=str(SCRIPTS), log=str(log), body=body)
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "decode" / "track.log"


def test_a_job_that_ends_well_tells_its_messages(log: Path) -> None:
    job = run(log, "logging.warning('warning: it is silent')")
    assert job.returncode == 0
    assert log.read_text() == job.stderr == "begun\nwarning: it is silent\n"


def test_the_first_line_has_the_true_names(log: Path) -> None:
    with told_in_log(log, track="100% <Björk>", source="drums"):
        logging.info("begun")
    assert log.read_text(encoding="utf-8") == "track '100% <Björk>', source 'drums'\nbegun\n"


def test_a_mistake_of_the_user_is_the_last_line_and_no_more(log: Path) -> None:
    job = run(log, "raise UserError('a.wav is empty; replace it')")
    assert job.returncode == 1
    assert log.read_text() == job.stderr == "begun\nerror: a.wav is empty; replace it\n"


def test_a_full_disk_is_no_defect(log: Path) -> None:
    job = run(log, "raise OSError(28, 'No space left on device', 'a.wav')")
    assert job.returncode == 1
    sentence = "error: [Errno 28] No space left on device: 'a.wav'; make room on the disk and run again"
    assert log.read_text() == job.stderr == f"begun\n{sentence}\n"


def test_a_defect_is_told_with_its_traceback(log: Path) -> None:
    job = run(log, "[][1]")
    assert job.returncode == 1
    lines = log.read_text().splitlines()
    assert lines[1].startswith("Traceback")
    assert lines[-1].startswith("error: unexpected IndexError: list index out of range (a defect of StemSteer")
    assert log.read_text() == job.stderr


def test_the_log_is_that_of_the_last_attempt(log: Path) -> None:
    run(log, "raise UserError('the disk is full')")
    run(log, "pass")
    assert log.read_text() == "begun\n"
