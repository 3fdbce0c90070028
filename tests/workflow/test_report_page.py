"""The listening page in a real browser: it sorts, filters, pages, compares, and its console stays clean."""

from collections.abc import Iterator

import pytest

from chromium import EXECUTABLE, Page
from light_reports import write_light_report
from report_results import ODD_NAME, make_results

pytestmark = pytest.mark.skipif(EXECUTABLE is None, reason="no Chromium on PATH")

MANY = 200
SCORES = "[data-table=scores]"
SUMMARY = "[data-table=summary]"


@pytest.fixture(scope="module")
def url_of_many(tmp_path_factory) -> str:
    """The report of one run on 200 tracks."""
    folder = tmp_path_factory.mktemp("many")
    tracks = [f"Song {number}" for number in range(MANY)]
    plan = make_results(folder, 0.01, tracks=tracks, sources=("drums",))
    write_light_report(plan, folder / "results/report/index.html")
    return (folder / "results/report/index.html").as_uri()


@pytest.fixture
def many(browser: Page, url_of_many: str) -> Iterator[Page]:
    browser.open(url_of_many)
    yield browser
    assert browser.errors == []


def column(page: Page, title: str, table: str = SCORES) -> list[str]:
    """The cells that are shown below a heading."""
    number = page.run(
        f"[...document.querySelectorAll('{table} thead th')].findIndex(h => h.innerText.startsWith('{title}'))"
    )
    return page.run(f"[...document.querySelectorAll('{table} tbody tr')].map(row => row.cells[{number}].innerText)")


def sort_by(page: Page, title: str, table: str = SCORES) -> None:
    page.run(
        f"[...document.querySelectorAll('{table} th button')].find(b => b.innerText.startsWith('{title}')).click()"
    )


def type_into(page: Page, selector: str, text: str) -> None:
    page.run(f"document.querySelector('{selector}').focus()")
    page.send("Input.insertText", text=text)


def choose(page: Page, selector: str, value: str) -> None:
    page.run(
        f"(() => {{ const list = document.querySelector('{selector}'); list.value = '{value}';"
        " list.dispatchEvent(new Event('change')) })()"
    )


def words(page: Page, selector: str) -> str:
    return " ".join(page.run(f"document.querySelector('{selector}').innerText").split())


# Tables


def test_a_column_sorts_both_ways_with_undefined_figures_last(page):
    # By the fixture's rule: on the first track 1.61 dB, on the second 1 dB more; baselines 0.5 and 1 dB less.
    best_first = ["+2.61", "+2.11", "+1.61", "+1.61", "+1.11", "+0.61", "0.00", "0.00", "−15.19", "−15.19", "–", "–"]
    title = "SI\u2011SDR improvement"
    sort_by(page, title)
    assert column(page, title) == best_first
    sort_by(page, title)
    assert column(page, title) == [*best_first[9::-1], "–", "–"]
    assert page.run(f"document.querySelectorAll('{SCORES} [aria-sort]').length") == 1


def test_text_columns_and_infinite_levels_sort_too(page):
    sort_by(page, "Estimate")
    names = ("hpss", "masked", "mixture", "oracle-mask", "residual", "silence")
    assert column(page, "Estimate") == [name for name in names for _ in range(2)]
    sort_by(page, "Level")
    assert column(page, "Level")[-2:] == ["−∞", "−∞"]


def test_the_filter_keeps_rows_with_all_words(page):
    type_into(page, f"{SCORES} input", "FALCON drums ma")
    assert column(page, "Estimate") == ["masked", "oracle-mask"]
    assert words(page, f"{SCORES} output") == "2 of 12 rows"


def test_the_summary_shows_the_figure_that_is_chosen(page):
    assert column(page, "Run", SUMMARY) == ["demo", "oracle-mask", "hpss", "mixture", "silence"] * 2
    assert column(page, "Mean", SUMMARY)[:5] == ["+2.11", "+1.61", "+1.11", "0.00", "–"]
    # Of two tracks a quarter of the bootstrap samples hold the better one only, and a quarter the other.
    assert column(page, "95 % interval", SUMMARY)[0] == "+1.61 … +2.61"
    choose(page, f"{SUMMARY} select", "snr_improvement_db")
    assert column(page, "Median", SUMMARY)[0] == "+3.10"
    sort_by(page, "Mean", SUMMARY)
    assert column(page, "Mean", SUMMARY)[0] == "+3.10"
    page.run(f"document.querySelector('{SUMMARY} [name=others]').click()")
    assert column(page, "Estimate", SUMMARY).count("residual") == 2


def test_many_rows_are_shown_a_page_at_a_time(many):
    rows = MANY * (2 + 2 + 2)
    assert words(many, f"{SCORES} output") == f"1–50; {rows:,} rows"
    assert len(column(many, "Run")) == 50
    many.run(f"document.querySelector('{SCORES} .later').click()")
    assert words(many, f"{SCORES} output") == f"51–100; {rows:,} rows"
    assert column(many, "Track")[0] == "Song 8"
    sort_by(many, "Track")
    sort_by(many, "Track")
    # In the order of numbers, and back on the first page.
    assert column(many, "Track")[0] == "Song 199"
    assert many.run(f"document.querySelector('{SCORES} .earlier').disabled")
    type_into(many, f"{SCORES} input", "oracle")
    assert words(many, f"{SCORES} output") == f"1–50; {MANY} of {rows:,} rows"


# Comparison


def test_two_runs_are_compared_either_way_round(page):
    assert words(page, "#compare tbody tr") == "drums +0.50 +0.50 … +0.50 2 2 0 0"
    choose(page, "#compare [name=run]", "oracle-mask")
    choose(page, "#compare [name=against]", "demo")
    assert words(page, "#compare tbody tr") == "drums −0.50 −0.50 … −0.50 2 0 2 0"
    choose(page, "#compare [name=against]", "oracle-mask")
    assert words(page, "#compare tbody") == "Choose two different runs."
    choose(page, "#compare [name=measure]", "snr_db")
    choose(page, "#compare [name=against]", "silence")
    assert words(page, "#compare tbody tr") == "drums +2.40 +2.40 … +2.40 2 2 0 0"


def test_a_dot_of_the_comparison_leads_to_its_players(page):
    page.run("document.querySelector('.dot').focus()")
    page.press("ArrowRight", "ArrowRight", 39)
    readout = words(page, ".readout")
    assert readout.endswith(", drums: +0.50 dB")
    page.press("Enter", "Enter", 13)
    page.until("document.querySelector('.track[open] .player')")
    assert readout.startswith(page.run("document.querySelector('.track[open]').dataset.name"))


def test_the_best_track_leads_to_the_stem_in_its_player(page):
    assert words(page, ".best") == f"{ODD_NAME} drums +2.61 dB"
    assert words(page, ".worst") == "Falcon 69 drums +1.61 dB"
    page.run("document.querySelector('.best a').click()")
    page.until("document.querySelector('#track-2 .player')")
    assert page.run("location.hash") == "#track-2-1-1"
    page.until("document.activeElement.id === 'track-2-1'")
    assert page.run("document.querySelector('#track-2-1 [aria-pressed=true]').textContent").startswith("Stem")
    page.press(" ", "Space", 32)
    page.until("document.querySelectorAll('#track-2-1 audio')[2].currentTime > 0.1")
    page.press(" ", "Space", 32)


def test_an_address_with_a_track_opens_it(browser, url):
    browser.open("about:blank")
    browser.open(f"{url}#track-2-2")
    browser.until("document.activeElement.id === 'track-2-2'")
    assert abs(browser.run("document.activeElement.getBoundingClientRect().top")) < 100
    assert browser.errors == []


# Many tracks


def test_200_tracks_are_light(many):
    assert many.run("document.querySelectorAll('.track').length") == MANY + 1
    assert many.run("document.querySelectorAll('audio').length") == 0
    assert many.run("document.querySelectorAll('*').length") < 5000
    assert many.run("performance.getEntriesByType('navigation')[0].domInteractive") < 5000
    loaded = "performance.getEntriesByType('resource').map(entry => entry.name)"
    assert many.run(f"{loaded}.filter(name => name.includes('/tracks/')).length") == 0
    many.run("document.querySelectorAll('.track > summary')[120].click()")
    many.until("document.querySelectorAll('#track-121 audio').length === 4")
    assert many.run(f"{loaded}.filter(name => name.endsWith('.flac')).length") == 0


def test_a_track_is_found_by_its_name(many):
    type_into(many, "#find", "song 19")
    assert words(many, "#found") == "12 of 201 tracks"  # 19, 119 and 190 to 199
    assert many.run("[...document.querySelectorAll('.track')].filter(track => track.offsetHeight).length") == 12
    many.run("document.querySelector('.worst a').click()")
    many.until("document.querySelector('.track[open] .player')")
    assert many.run("document.querySelector('.track[open]').offsetHeight") > 0


# Looks


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pictures_load_and_nothing_sticks_out_on_a_phone(opened, scheme):
    opened.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    opened.send("Emulation.setDeviceMetricsOverride", width=390, height=800, deviceScaleFactor=1, mobile=True)
    opened.run("document.querySelectorAll('img').forEach(image => image.loading = 'eager')")
    opened.until("[...document.images].every(image => image.complete && image.naturalWidth)")
    assert opened.run("document.images.length") > 10
    assert opened.run("document.documentElement.scrollWidth") == 390
    lightness = opened.run("Number(getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0])")
    assert (lightness > 200) == (scheme == "light")
    opened.send("Emulation.clearDeviceMetricsOverride")
    opened.send("Emulation.setEmulatedMedia", features=[])
