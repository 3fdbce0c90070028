"""The memory of a job is bounded by the length of a chunk, not by that of the track."""

import os
import subprocess
import sys
from pathlib import Path

import tones_track
from tones_track import Options, prepare, tones_that_change

REPOSITORY = Path(__file__).parents[2]
RATE = 44100
METHOD = {"steps": 2, "chunk_seconds": 3, "overlap_seconds": 0.1, "fft_sizes": [1024]}


def largest_memory(folder: Path, seconds: float) -> int:
    """Of a whole process that steers so much music, in bytes; it puts every step away."""
    prepare(folder, tones_that_change(seconds, RATE), RATE)
    search = os.pathsep.join([str(REPOSITORY / "tests"), str(REPOSITORY / "scripts")])
    ended = subprocess.run(
        [sys.executable, tones_track.__file__, str(folder), Options(METHOD, checkpoint_seconds=1e-9).as_json()],
        env={**os.environ, "PYTHONPATH": search},
        capture_output=True,
        text=True,
        check=True,
    )
    return int(ended.stdout)


def test_ten_minutes_take_no_more_memory_than_half_a_minute(tmp_path: Path) -> None:
    short, long = (largest_memory(tmp_path / str(seconds), seconds) for seconds in (30, 600))
    assert long < 1.15 * short, f"{short / 1e6:.0f} MB and {long / 1e6:.0f} MB"
