"""A track of any length takes the memory of its chunks."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from long_track import RATE, Memory
from stemsteer.sound.scaled_signal import BLOCK
from tones_track import prepare, tones_that_change

TESTS = Path(__file__).parents[1]
LENGTHS = {"beginning": 8, "short": 30, "long": 600}
"""Of tracks, in seconds."""
A_FEW_BLOCKS = 4 * 4 * BLOCK
"""In bytes. A track's peak is looked for in blocks of BLOCK samples, of which a few are there at once in a long one.

The most that a longer track may add: of the histories of its chunks there is less than 1 MB, but of its audio 100 MB.
"""


def memory_of(folder: Path, track: str) -> Memory:
    """Of a process that steers a track after one of two chunks."""
    folders = [prepare(folder / name, tones_that_change(LENGTHS[name], RATE), RATE) for name in ("beginning", track)]
    ended = subprocess.run(
        [sys.executable, TESTS / "long_track.py", *folders],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent / "scripts")])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return Memory(**json.loads(ended.stdout))


@pytest.mark.skipif(sys.platform != "linux", reason="reads the memory of a process where Linux tells it")
def test_a_track_twenty_times_as_long_takes_no_more_memory(tmp_path: Path) -> None:
    short, long = (memory_of(tmp_path / name, name) for name in ("short", "long"))
    assert long.largest < 1.15 * short.largest
    assert long.growth < short.growth + A_FEW_BLOCKS
