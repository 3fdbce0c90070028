"""The players of the listening page in a real browser: they play, switch, move and stop; its console stays clean."""

from pathlib import Path

import pytest

from chromium import EXECUTABLE
from report_results import PLAYED_SECONDS

pytestmark = pytest.mark.skipif(EXECUTABLE is None, reason="no Chromium on PATH")


def test_switching_keeps_playing_from_the_same_place(opened):
    opened.run("window.player = document.querySelector('.player')")
    opened.run("window.sounds = [...player.closest('.source').querySelectorAll('audio')]")
    assert opened.run("sounds.length") == 4
    assert opened.run("sounds.every(sound => sound.preload === 'none' && sound.readyState === 0)")
    opened.run("player.querySelector('.play').click()")
    opened.until("sounds[0].currentTime > 0.3 && !sounds[0].paused")
    opened.run("player.querySelectorAll('.switch button')[2].click()")
    place = opened.run("sounds[0].currentTime")
    opened.until("!sounds[2].paused && sounds[2].readyState >= 2")
    assert opened.run("sounds.filter(sound => !sound.paused).length") == 1
    assert place - 0.05 <= opened.run("sounds[2].currentTime") < place + 1
    opened.until(f"sounds[2].currentTime > {place} + 0.3")
    assert opened.run("player.querySelector('[aria-pressed=true]').textContent.trim()").startswith("Stem")
    opened.run("player.querySelector('.play').click()")
    assert opened.run("sounds.every(sound => sound.paused)")


def test_playing_to_the_end_goes_back_to_the_start(opened):
    opened.run("window.player = document.querySelector('.player'); window.bar = player.querySelector('.seek')")
    opened.run(f"bar.value = {PLAYED_SECONDS - 0.3}; bar.dispatchEvent(new Event('input'))")
    opened.run("player.querySelector('.play').click()")
    opened.until("player.querySelector('.play').ariaLabel === 'Pause'")
    opened.until("player.querySelector('.play').ariaLabel === 'Play' && Number(bar.value) === 0")


def test_only_one_player_sounds_and_none_in_a_closed_track(opened):
    opened.run("document.querySelectorAll('.play')[0].click()")
    opened.until("document.querySelectorAll('audio')[0].currentTime > 0.1")
    opened.run("document.querySelectorAll('.play')[1].click()")
    opened.until("[...document.querySelectorAll('audio')].filter(sound => !sound.paused).length === 1")
    assert opened.run("document.querySelectorAll('audio')[0].paused")
    opened.run("document.querySelector('.track > summary').click()")
    # Before it would have come to its end.
    opened.until("[...document.querySelectorAll('audio')].every(sound => sound.paused)", timeout_s=PLAYED_SECONDS / 2)


def test_the_keyboard_plays_moves_and_switches(opened):
    opened.run("window.player = document.querySelector('.player'); player.querySelector('.switch button').focus()")
    heard = "player.querySelector('[aria-pressed=true]').textContent.trim()"
    place = "Number(player.querySelector('.seek').value)"
    opened.press("3", "Digit3", 51)
    assert opened.run(heard).startswith("Stem")
    opened.press("ArrowUp", "ArrowUp", 38)
    assert opened.run(heard).startswith("Reference")
    opened.press("ArrowRight", "ArrowRight", 39)
    opened.press("ArrowRight", "ArrowRight", 39)
    opened.press("ArrowLeft", "ArrowLeft", 37)
    assert opened.run(place) == pytest.approx(1)
    opened.run("document.activeElement.blur()")
    opened.press(" ", "Space", 32)
    opened.until(f"{place} > 1.2")
    opened.press(" ", "Space", 32)
    assert opened.run("[...document.querySelectorAll('audio')].every(sound => sound.paused)")


def test_a_click_in_a_spectrogram_goes_there(opened):
    opened.run("window.canvas = document.querySelectorAll('.spectrogram .canvas')[2]; canvas.scrollIntoView()")
    box = opened.run("JSON.parse(JSON.stringify(canvas.getBoundingClientRect()))")
    where = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] - 5, "button": "left", "clickCount": 1}
    opened.send("Input.dispatchMouseEvent", type="mousePressed", **where)
    opened.send("Input.dispatchMouseEvent", type="mouseReleased", **where)
    assert opened.run("Number(document.querySelector('.seek').value)") == pytest.approx(PLAYED_SECONDS / 2, abs=0.05)
    assert opened.run("document.querySelector('.player [aria-pressed=true]').textContent.trim()").startswith("Stem")


def test_missing_files_are_said_not_thrown(browser, url, tmp_path):
    """A page whose folders were left behind still says so: first that of the tracks, then that of the audio."""
    page = Path(url.removeprefix("file://"))
    lone = tmp_path / "index.html"
    lone.write_bytes(page.read_bytes())
    browser.open(f"{lone.as_uri()}#track-1")
    browser.until("document.querySelector('#track-1 > .warning')?.innerText.includes('tracks folder')")
    (tmp_path / "tracks").symlink_to(page.parent / "tracks")
    browser.send("Page.reload")
    browser.until("document.querySelector('.play')")
    browser.run("document.querySelector('.play').click()")
    browser.until("!document.querySelector('.trouble').hidden")
    browser.errors.clear()  # the browser itself reports the missing files
