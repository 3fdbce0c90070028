"""A job killed anywhere in the middle of its track goes on in another process, and comes to the same bytes."""

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import tones_track
from tones_track import CHUNKS, SOURCES, STEPS, Decoded, Options, prepare, results, steer, track_ascent, track_settings

REPOSITORY = Path(__file__).parents[2]
DECODED_BY_EXCERPT = STEPS + 1
DECODED = CHUNKS * len(SOURCES) * DECODED_BY_EXCERPT
METHOD = {"codebook": "reinit-ema", "keep": "best"}  # those with the most to be remembered


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What comes of a track that is not interrupted."""
    folder = prepare(tmp_path_factory.mktemp("whole"))
    steer(track_ascent(folder, track_settings(**METHOD)), folder)
    return results(folder)


def killed(folder: Path, options: Options) -> subprocess.CompletedProcess[str]:
    """A job in a process of its own that comes to its end as the options say."""
    search = os.pathsep.join([str(REPOSITORY / "tests"), str(REPOSITORY / "scripts")])
    return subprocess.run(
        [sys.executable, tones_track.__file__, str(folder), options.as_json()],
        env={**os.environ, "PYTHONPATH": search},
        capture_output=True,
        text=True,
        check=False,
    )


def somewhere_in_the_middle() -> int:
    """A step, by its number among all signals decoded: after 30 to 70 % of them, and not the end of an ascent."""
    middle = range(round(0.3 * DECODED), round(0.7 * DECODED) + 1)
    return random.SystemRandom().choice([place for place in middle if place % DECODED_BY_EXCERPT])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_asked_to_stop_loses_no_step(tmp_path: Path, whole: dict[str, bytes], number: signal.Signals) -> None:
    folder, place = prepare(tmp_path), somewhere_in_the_middle()
    stopped = killed(folder, Options(METHOD, last=place, number=number))
    excerpt, step = divmod(place, DECODED_BY_EXCERPT)
    name = f"{SOURCES[excerpt % len(SOURCES)]}.{excerpt // len(SOURCES)}"
    assert stopped.returncode == 1, (place, stopped.stderr)
    assert (folder / "log").read_text().splitlines()[-1] == (
        f"error: stopped by {number.name} after step {step} of {STEPS} of {name}; what was computed is kept, and the "
        "next run goes on from there"
    )
    assert results(folder) == {}
    steer(track_ascent(folder, track_settings(**METHOD), Decoded(folder)), folder)
    assert results(folder) == whole, place
    assert Decoded(folder).total == DECODED, place
    assert not list((folder / "checkpoints").iterdir())


def test_one_killed_without_notice_goes_on_from_its_last_checkpoint(tmp_path: Path, whole: dict[str, bytes]) -> None:
    folder, place = prepare(tmp_path), somewhere_in_the_middle()
    stopped = killed(folder, Options(METHOD, checkpoint_seconds=0.05, last=place, number=signal.SIGKILL))
    assert stopped.returncode == -signal.SIGKILL, (place, stopped.stderr)
    steer(track_ascent(folder, track_settings(**METHOD), Decoded(folder)), folder)
    assert results(folder) == whole, place
    # All excerpts but the one that was killed were kept, and part of that.
    assert Decoded(folder).total <= DECODED + STEPS, place
    assert Decoded(folder).total < 1.7 * DECODED, place
