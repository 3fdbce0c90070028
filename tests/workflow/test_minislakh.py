"""A piece of minislakh is made of its MIDI file: sources that add up to the mixture, silent where they play nothing."""

import shutil
from pathlib import Path

import numpy as np
import pytest

import general_midi
from workdir import Workdir

# One second each of a piano's A4 (at 120 beats a minute), then of a snare: 96 ticks a beat, times as MIDI's
# variable-length numbers.
EVENTS = bytes.fromhex("00C000 00904564 8140804500 00992664 8140892600 00FF2F00")
MIDI_FILE = b"MThd" + bytes.fromhex("00000006 0000 0001 0060") + b"MTrk" + len(EVENTS).to_bytes(4) + EVENTS
PIECE = "results/datasets/minislakh/wood_whistles"


@pytest.mark.skipif(
    not general_midi.SOUNDS.exists(), reason="Debian's package fluidr3mono-gm-soundfont is not installed"
)
def test_a_piece_becomes_its_sources(tmp_path: Path) -> None:
    workdir = Workdir(tmp_path)
    workdir.tracks({"track": "song", "mixture": "song.wav"})
    parts = tmp_path / "results/datasets/minislakh"
    (parts / "midi").mkdir(parents=True)
    (parts / "midi/wood_whistles.mid").write_bytes(MIDI_FILE)
    shutil.copy(general_midi.SOUNDS, parts / "FluidR3Mono_GM.sf3")

    ended = workdir.snakemake(f"{PIECE}/mixture.flac")
    assert ended.status == 0, ended.output
    assert ended.jobs == {"minislakh_piece": 1, "total": 1}
    assert workdir.text("logs/minislakh/wood_whistles.log").strip() == "4.0 s of piano, drums"

    mixture, rate = workdir.audio(f"{PIECE}/mixture.flac")
    names = ("piano", "guitar", "bass", "strings", "drums", "other")
    sources = {name: workdir.audio(f"{PIECE}/{name}.flac")[0] for name in names}
    assert (rate, mixture.shape) == (44100, (4 * 44100, 1))
    np.testing.assert_array_equal(sum(sources.values()), mixture)
    assert np.abs(mixture).max() == pytest.approx(0.9, abs=1e-4)
    assert {name for name, signal in sources.items() if signal.any()} == {"piano", "drums"}
    assert np.abs(sources["piano"][:44100]).max() > 0.1
    assert not sources["drums"][:44100].any()
    assert np.abs(sources["drums"][44100:]).max() > 0.1
