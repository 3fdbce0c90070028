"""The listening page in a real browser: it sorts, filters, plays, and its console stays clean."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chromium import EXECUTABLE, Page
from report_results import make_results
from stemsteer.report import write_report

pytestmark = pytest.mark.skipif(EXECUTABLE is None, reason="no Chromium on PATH")

SECONDS = 6.0


@pytest.fixture(scope="module")
def url(tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("report")
    page = folder / "results/report/index.html"
    write_report(make_results(folder, SECONDS), page)
    return page.as_uri()


@pytest.fixture(scope="module")
def browser(tmp_path_factory) -> Iterator[Page]:
    with Page(tmp_path_factory.mktemp("profile")) as page:
        yield page


@pytest.fixture
def page(browser: Page, url: str) -> Iterator[Page]:
    browser.open(url)
    yield browser
    assert browser.errors == []


def column(page: Page, number: int, shown_only: bool = False) -> list[str]:
    hidden = ":not([hidden])" if shown_only else ""
    return page.run(f"[...document.querySelectorAll('.scores tbody tr{hidden}')].map(r => r.cells[{number}].innerText)")


def sort_by(page: Page, title: str) -> None:
    page.run(
        f"[...document.querySelectorAll('.scores th button')].find(b => b.innerText.startsWith('{title}')).click()"
    )


def test_a_column_sorts_both_ways_with_undefined_figures_last(page):
    best_first = ["+2.61", "+1.61", "+1.00", "0.00", "−14.19", "−15.19", "–", "–"]
    title = "SI\u2011SDR improvement"
    sort_by(page, title)
    assert column(page, 5) == best_first
    sort_by(page, title)
    assert column(page, 5) == [*best_first[5::-1], "–", "–"]
    assert page.run("document.querySelectorAll('[aria-sort]').length") == 1


def test_text_columns_and_infinite_levels_sort_too(page):
    sort_by(page, "Estimate")
    assert column(page, 3) == [name for name in ("masked", "mixture", "residual", "silence") for _ in range(2)]
    sort_by(page, "Level")
    assert column(page, 6)[-2:] == ["−∞", "−∞"]


def test_the_filter_keeps_rows_with_all_words(page):
    page.run("document.getElementById('filter').focus()")
    page.send("Input.insertText", text="FALCON drums ma")
    assert column(page, 3, shown_only=True) == ["masked"]
    assert page.run("document.getElementById('shown').textContent") == "1 of 8 rows"


def test_pictures_load_and_nothing_sticks_out_on_a_phone(page):
    page.send("Emulation.setDeviceMetricsOverride", width=390, height=800, deviceScaleFactor=1, mobile=True)
    page.run("document.querySelectorAll('img').forEach(image => image.loading = 'eager')")
    page.until("[...document.images].every(image => image.complete && image.naturalWidth)")
    assert page.run("document.documentElement.scrollWidth") == 390
    page.send("Emulation.clearDeviceMetricsOverride")


def test_switching_keeps_playing_from_the_same_place(page):
    page.run("window.player = document.querySelector('.player')")
    page.run("window.sounds = [...player.closest('.source').querySelectorAll('audio')]")
    assert page.run("sounds.length") == 4
    assert page.run("sounds.every(sound => sound.preload === 'none' && sound.readyState === 0)")
    page.run("player.querySelector('.play').click()")
    page.until("sounds[0].currentTime > 0.3 && !sounds[0].paused")
    page.run("player.querySelectorAll('.switch button')[2].click()")
    place = page.run("sounds[0].currentTime")
    page.until("!sounds[2].paused && sounds[2].readyState >= 2")
    assert page.run("sounds.filter(sound => !sound.paused).length") == 1
    assert place - 0.05 <= page.run("sounds[2].currentTime") < place + 1
    page.until(f"sounds[2].currentTime > {place} + 0.3")
    assert page.run("player.querySelector('[aria-pressed=true]').textContent.trim()").startswith("Stem")
    page.run("player.querySelector('.play').click()")
    assert page.run("sounds.every(sound => sound.paused)")


def test_playing_to_the_end_goes_back_to_the_start(page):
    page.run("window.player = document.querySelector('.player'); window.bar = player.querySelector('.seek')")
    page.run(f"bar.value = {SECONDS - 0.3}; bar.dispatchEvent(new Event('input'))")
    page.run("player.querySelector('.play').click()")
    page.until("player.querySelector('.play').ariaLabel === 'Pause'")
    page.until("player.querySelector('.play').ariaLabel === 'Play' && Number(bar.value) === 0")


def test_only_one_player_sounds(page):
    page.run("document.querySelectorAll('.play')[0].click()")
    page.until("document.querySelectorAll('audio')[0].currentTime > 0.1")
    page.run("document.querySelectorAll('.play')[1].click()")
    page.until("[...document.querySelectorAll('audio')].filter(sound => !sound.paused).length === 1")
    assert page.run("document.querySelectorAll('audio')[0].paused")


def test_the_keyboard_plays_moves_and_switches(page):
    page.run("window.player = document.querySelector('.player'); player.querySelector('.switch button').focus()")
    heard = "player.querySelector('[aria-pressed=true]').textContent.trim()"
    place = "Number(player.querySelector('.seek').value)"
    page.press("3", "Digit3", 51)
    assert page.run(heard).startswith("Stem")
    page.press("ArrowUp", "ArrowUp", 38)
    assert page.run(heard).startswith("Reference")
    page.press("ArrowRight", "ArrowRight", 39)
    page.press("ArrowRight", "ArrowRight", 39)
    page.press("ArrowLeft", "ArrowLeft", 37)
    assert page.run(place) == pytest.approx(1)
    page.run("document.activeElement.blur()")
    page.press(" ", "Space", 32)
    page.until(f"{place} > 1.2")
    page.press(" ", "Space", 32)
    assert page.run("[...document.querySelectorAll('audio')].every(sound => sound.paused)")


def test_a_click_in_a_spectrogram_goes_there(page):
    page.run("window.canvas = document.querySelectorAll('.spectrogram .canvas')[2]; canvas.scrollIntoView()")
    box = page.run("JSON.parse(JSON.stringify(canvas.getBoundingClientRect()))")
    where = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] - 5, "button": "left", "clickCount": 1}
    page.send("Input.dispatchMouseEvent", type="mousePressed", **where)
    page.send("Input.dispatchMouseEvent", type="mouseReleased", **where)
    assert page.run("Number(document.querySelector('.seek').value)") == pytest.approx(SECONDS / 2, abs=0.05)
    assert page.run("document.querySelector('.player [aria-pressed=true]').textContent.trim()").startswith("Stem")


def test_a_missing_copy_is_said_not_thrown(browser, url, tmp_path):
    """A page whose audio folder was left behind still says so."""
    lone = tmp_path / "index.html"
    lone.write_bytes(Path(url.removeprefix("file://")).read_bytes())
    browser.open(lone.as_uri())
    browser.run("document.querySelector('.play').click()")
    browser.until("!document.querySelector('.trouble').hidden")
    browser.errors.clear()  # the browser itself reports the missing files
