"""What all tests share: ffmpeg on PATH, and no silent skips where everything is meant to run.

With STEMSTEER_REQUIRE=all in the environment a skipped test counts as failed, unless it needs a GPU.
"""

import os

import pytest
from hypothesis import settings

EXCUSE = "needs a GPU"


# On a busy machine any example may take long.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")


def pytest_configure() -> None:
    # museval and stempeg look for ffmpeg and ffprobe when they are imported.
    from stemsteer.sound.ffmpeg import put_on_path

    put_on_path()


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if os.environ.get("STEMSTEER_REQUIRE") != "all" or not report.skipped or hasattr(report, "wasxfail"):
        return
    file, line, reason = report.longrepr
    reason = reason.removeprefix("Skipped: ")
    if not reason.startswith(EXCUSE):
        report.outcome = "failed"
        report.longrepr = f"{file}:{line}: skipped although STEMSTEER_REQUIRE=all: {reason}"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport():
    report = yield
    _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report():
    report = yield
    _refuse_skip(report)
    return report
