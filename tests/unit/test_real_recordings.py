"""Real recordings become mixtures and a table of tracks that runs can read."""

import sys
from pathlib import Path

import numpy as np
import pytest

from stemsteer.errors import UserError
from stemsteer.settings.tracks import read_tracks
from stemsteer.sound import audio
from stemsteer.sound.audio import Signal

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
import real_recordings

RATE = 8000


def part(seconds: float, seed: int, channels: int = 2) -> Signal:
    return np.random.default_rng(seed).normal(0, 0.5, (round(seconds * RATE), channels)).astype(np.float32)


def test_the_mixture_is_the_sum_of_all_parts_and_the_sources_are_its_references(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = {"vocals": part(10, 1), "cello": part(9.5, 2)}
    for name, signal in parts.items():
        audio.write(tmp_path / "recordings/a piece" / f"{name}.wav", signal, RATE)
    (tmp_path / "pieces.tsv").write_text("track\tstart\na piece\t1\nanother\t2\n", encoding="utf-8")
    arguments = [tmp_path / "recordings", tmp_path / "out", "--pieces", tmp_path / "pieces.tsv"]
    monkeypatch.setattr(sys, "argv", ["real_recordings.py", *map(str, arguments)])
    real_recordings.main()
    assert "another: there is no such folder" in capsys.readouterr().out

    (track,) = read_tracks(str(tmp_path / "out/tracks.tsv"), ["piano"])
    assert (track.track, track.sources, list(track.references)) == ("a piece", ("vocals",), ["vocals"])
    excerpts = {name: signal[RATE : 9 * RATE] for name, signal in parts.items()}
    np.testing.assert_array_equal(audio.read(track.mixture)[0], excerpts["vocals"] + excerpts["cello"])
    np.testing.assert_array_equal(audio.read(track.references["vocals"])[0], excerpts["vocals"])


@pytest.mark.parametrize("other", [part(10, 2, channels=1), part(0.5, 2)], ids=["channels", "too short"])
def test_parts_that_do_not_fit_are_refused(tmp_path: Path, other: Signal) -> None:
    files = [tmp_path / "drums.wav", tmp_path / "piano.wav"]
    for file, signal in zip(files, (part(10, 1), other), strict=True):
        audio.write(file, signal, RATE)
    with pytest.raises(UserError, match="must have one rate, as many channels, and last longer than 1 s"):
        real_recordings.read_parts(files, 1)
