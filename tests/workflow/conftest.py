"""The listening page in a real browser, for the tests of what it does there."""

from collections.abc import Iterator

import pytest

from chromium import Page
from report_results import PLAYED_SECONDS, make_results
from stemsteer.report import write_report
from stemsteer.stages.figures import draw_figures


@pytest.fixture(scope="module")
def browser(tmp_path_factory) -> Iterator[Page]:
    with Page(tmp_path_factory.mktemp("profile")) as page:
        yield page


@pytest.fixture(scope="module")
def url(tmp_path_factory) -> str:
    """The report of one run on two tracks and a broken one."""
    folder = tmp_path_factory.mktemp("report")
    plan = make_results(folder, PLAYED_SECONDS)
    draw_figures(plan, folder / "results/scores.tsv", folder_out=folder / "results/figures")
    write_report(plan, folder / "results/report/index.html")
    return (folder / "results/report/index.html").as_uri()


@pytest.fixture
def page(browser: Page, url: str) -> Iterator[Page]:
    browser.open(url)
    yield browser
    assert browser.errors == []


@pytest.fixture
def opened(page: Page) -> Page:
    """The page with its first track opened."""
    page.run("document.querySelector('.track > summary').click()")
    page.until("document.querySelector('#track-1 .player')")
    return page
