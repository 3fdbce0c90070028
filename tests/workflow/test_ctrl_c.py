"""A separation that is stopped by Ctrl-C in a terminal, and what a terminal shows."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile

from stemsteer.sound import audio
from terminal import Shown, in_terminal
from typed import COMMAND, Ended, contents, run
from workdir import music

RATE = 16_000


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a song, in which the commands are typed."""
    folder = tmp_path_factory.mktemp("user")
    audio.write(folder / "song.wav", music(2.5, RATE, 2), RATE, "PCM_16")
    return folder


TWO_STEMS = ("--two-stems", "guitar", "--format", "flac", "--int16")


@pytest.fixture(scope="module")
def uninterrupted(home: Path) -> Ended:
    return run(home, "separate", "song.wav", *TWO_STEMS, "--out", "uninterrupted", "--verbose")


def test_snakemakes_own_text_can_be_had(uninterrupted: Ended) -> None:
    assert uninterrupted.status == 0, uninterrupted.err
    text = uninterrupted.out + uninterrupted.err
    assert text.count("Finished jobid: 0 (Rule: separation)") == 1
    assert "Building DAG of jobs..." in text


@pytest.fixture(scope="module")
def interrupted(home: Path) -> Shown:
    """Stopped while it steers."""

    def is_half_way() -> bool:
        progress = home / "interrupted/logs/steer/default/song/all.progress"
        return progress.exists() and int(progress.read_text().partition(" ")[0] or 0) > 0

    return in_terminal((*COMMAND, "separate", "song.wav", *TWO_STEMS, "--out", "interrupted"), home, is_half_way)


@pytest.fixture(scope="module")
def resumed(home: Path, interrupted: Shown) -> Shown:
    return in_terminal((*COMMAND, "separate", "song.wav", *TWO_STEMS, "--out", "interrupted"), home)


def test_ctrl_c_stops_with_a_sentence_and_the_terminal_in_order(interrupted: Shown) -> None:
    assert interrupted.status == 130
    assert interrupted.lines[-1] == "Stopped. What is done is kept, and the same command goes on from there."
    assert "Traceback" not in interrupted.text
    assert "failed" not in interrupted.text
    assert interrupted.text.rindex("\x1b[?25h") > interrupted.text.rindex("\x1b[?25l")
    assert interrupted.is_in_order


def test_who_presses_it_again_and_again_sees_no_more(home: Path) -> None:
    log = home / "impatient/logs/stemsteer.log"
    command = (*COMMAND, "separate", "song.wav", "--out", "impatient")
    stopped = in_terminal(command, home, lambda: log.exists() and "Workflow has started" in log.read_text(), 5)
    assert stopped.status == 130
    assert "Stopped. What is done is kept" in stopped.text
    assert "Traceback" not in stopped.text
    assert stopped.text.rindex("\x1b[?25h") > stopped.text.rindex("\x1b[?25l")
    assert stopped.is_in_order
    assert not list((home / "impatient").glob(".snakemake/locks/*"))


def test_the_same_command_goes_on_and_ends_with_the_same_bytes(
    home: Path, resumed: Shown, uninterrupted: Ended
) -> None:
    assert resumed.status == 0, resumed.text
    record = json.loads((home / "interrupted/results/runs/default/estimates/song/guitar.json").read_text())
    assert 0 < record["chunks"][0]["resumed_at"] < record["chunks"][0]["steps"]
    for pattern in ("stems/**/*", "results/runs/default/stems/**/*.flac", "results/audio/**/*.wav"):
        files = contents(home / "interrupted", pattern)
        assert files
        assert files == contents(home / "uninterrupted", pattern)
    stem, rest = (
        soundfile.read(home / f"interrupted/stems/song/{name}.flac", dtype="int16")[0]
        for name in ("guitar", "no_guitar")
    )
    mixture = soundfile.read(home / "song.wav", dtype="int16")[0]
    assert soundfile.info(home / "interrupted/stems/song/guitar.flac").subtype == "PCM_16"
    assert np.abs(stem.astype(int) + rest - mixture).max() <= 1


def test_a_terminal_shows_what_is_done_and_then_the_stems(resumed: Shown) -> None:
    assert "\x1b[?25l" in resumed.text
    assert any(re.search(r"song +separating", line) for line in resumed.lines)
    assert any(re.search(r"writing the report", line) for line in resumed.lines)
    assert any(re.search(r"━.* \d+%", line) for line in resumed.lines)
    assert "Using workflow specific profile" not in resumed.text
    assert any(
        re.match(r"song +no_guitar +-\d.* interrupted/stems/song/no_guitar.flac$", line) for line in resumed.lines
    )
    assert resumed.lines[-1] == "The report to listen to: interrupted/results/report/index.html"
    assert resumed.is_in_order
