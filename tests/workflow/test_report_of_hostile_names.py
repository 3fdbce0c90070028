"""A report of nasty names in a real browser: it shows them, and nothing that they say is done."""

from pathlib import Path

import pytest

from chromium import EXECUTABLE, Page
from light_reports import write_light_report
from nasty_texts import NASTY_NAMES
from report_results import make_results

pytestmark = pytest.mark.skipif(EXECUTABLE is None, reason="no Chromium on PATH")


def test_nasty_names_are_shown_and_do_nothing(browser: Page, tmp_path: Path) -> None:
    plan = make_results(tmp_path, 0.05, runs=NASTY_NAMES[2:5], tracks=NASTY_NAMES, sources=("drums",))
    write_light_report(plan, tmp_path / "results/report/index.html")
    browser.open((tmp_path / "results/report/index.html").as_uri())
    shown = browser.run("[...document.querySelectorAll('.track > summary h3')].map(title => title.textContent)")
    assert shown[:-1] == NASTY_NAMES
    for number in range(1, len(NASTY_NAMES) + 1):
        browser.run(f"document.querySelector('#track-{number} > summary').click()")
        browser.until(f"document.querySelector('#track-{number} .player')")
    for table in ("scores", "summary", "tracks"):
        browser.until(f"document.querySelector('[data-table={table}] tbody tr')")
    assert browser.run("document.querySelectorAll('svg[onload], img[onerror], [src=x]').length") == 0
    assert browser.run("typeof window.pwned") == "undefined"
    assert browser.errors == []
