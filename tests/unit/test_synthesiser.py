"""MIDI is played source by source: each with its own notes, at their times and pitches, and nothing of the others."""

import numpy as np
import pytest
from tinysoundfont.midi import ControlChange, Event, NoteOff, NoteOn, PitchBend, ProgramChange

import general_midi
from stemsteer.datasets.general_midi import source_of
from stemsteer.datasets.synthesiser import Synthesiser, sources_of
from stemsteer.sound.audio import Signal

RATE = 22050
PIANO, BASS, STRINGS, DRUMS = 0, 1, 2, 9
HELD = 1.0
"""Seconds of a note."""


def note(start: float, channel: int, key: int) -> list[Event]:
    return [Event(NoteOn(key, 100), start, channel), Event(NoteOff(key), start + HELD, channel)]


# One second each, one after the other: what a source plays is nowhere else. The fourth channel changes its instrument.
PIECE = sorted(
    [
        Event(ProgramChange(0), 0, PIANO),
        Event(ProgramChange(33), 0, BASS),
        Event(ProgramChange(48), 0, STRINGS),
        Event(ProgramChange(40), 0, DRUMS),
        *note(0, PIANO, 69),
        *note(1, BASS, 33),
        *note(2, STRINGS, 76),
        *note(3, DRUMS, 38),
        Event(ProgramChange(73), 4, STRINGS),
        *note(4, STRINGS, 81),
    ],
    key=lambda event: event.t,
)
SECOND = {"piano": 0, "bass": 1, "strings": 2, "drums": 3, "other": 4}
HERTZ = {"piano": 440.0, "bass": 55.0, "strings": 659.3, "other": 880.0}


@pytest.fixture(scope="module")
def synthesiser() -> Synthesiser:
    if not general_midi.SOUNDS.exists():
        pytest.skip("Debian's package fluidr3mono-gm-soundfont is not installed")
    return Synthesiser(general_midi.SOUNDS, RATE)


@pytest.fixture(scope="module")
def played(synthesiser: Synthesiser) -> dict[str, Signal]:
    return {source: synthesiser.play(PIECE, source) for source in sources_of(PIECE)}


def test_the_classes_are_general_midis() -> None:
    """Its first and last piano, guitar and bass, by name: acoustic grand to clavinet, nylon to harmonics, ..."""
    found = [source_of(program, is_drums=False) for program in range(128)]
    assert [found.index(source) for source in ("piano", "guitar", "bass", "strings")] == [0, 24, 32, 40]
    assert [found.count(source) for source in ("piano", "guitar", "bass", "strings")] == [8, 8, 8, 7]
    harp, timpani, synthetic_strings, choir = 46, 47, 50, 52
    assert {found[program] for program in (harp, timpani, synthetic_strings, choir)} == {"other"}
    assert {source_of(program, is_drums=True) for program in range(128)} == {"drums"}


def test_sources_are_those_with_notes() -> None:
    assert sources_of(PIECE) == ["piano", "bass", "strings", "drums", "other"]
    assert sources_of([event for event in PIECE if event.t >= 3]) == ["drums", "other"]
    assert sources_of([Event(NoteOn(60, 0), 0, PIANO)]) == []


@pytest.mark.parametrize("source", SECOND)
def test_a_source_is_heard_in_its_second_and_not_before(played: dict[str, Signal], source: str) -> None:
    signal = played[source]
    assert signal.shape == ((5 + 2) * RATE, 1)
    start = SECOND[source] * RATE
    assert not signal[:start].any()
    assert np.abs(signal[start : start + RATE]).max() > 0.01


@pytest.mark.parametrize("source", HERTZ)
def test_a_note_has_its_pitch(played: dict[str, Signal], source: str) -> None:
    start = SECOND[source] * RATE
    spectrum = np.abs(np.fft.rfft(played[source][start : start + RATE, 0] * np.hanning(RATE)))
    harmonics = [spectrum[round(HERTZ[source] * number) - 2 :][:5].max() for number in (1, 2, 3)]
    # Most of what is at the harmonics' places or midway between two of them is at their places.
    between = [spectrum[round(HERTZ[source] * (number + 0.5)) - 2 :][:5].max() for number in (0, 1, 2)]
    assert max(harmonics) > 10 * max(between)


def test_a_drum_has_no_pitch(played: dict[str, Signal]) -> None:
    """A snare is noise: its strongest frequency holds little of its energy, other than a piano note's."""
    energies = {
        source: np.square(np.abs(np.fft.rfft(played[source][SECOND[source] * RATE :][:RATE, 0])))
        for source in ("drums", "piano")
    }
    assert energies["drums"].max() < 0.05 * energies["drums"].sum()
    assert energies["piano"].max() > 0.2 * energies["piano"].sum()


def test_nothing_is_left_over_from_the_last_piece(synthesiser: Synthesiser) -> None:
    """Not its instruments, volumes, places, bends or notes that never end."""
    piece = [*note(0, PIANO, 69), *note(0, DRUMS, 38)]
    first = {source: synthesiser.play(piece, source) for source in sources_of(piece)}
    spoiling = [ProgramChange(19), ControlChange(7, 1), ControlChange(11, 1), PitchBend(0), NoteOn(60, 100)]
    for channel, source in ((PIANO, "other"), (DRUMS, "drums")):
        synthesiser.play([Event(action, 0, channel) for action in spoiling], source)
        for name, signal in first.items():
            np.testing.assert_array_equal(synthesiser.play(piece, name), signal)


def test_the_sources_add_up_to_the_piece(
    played: dict[str, Signal], synthesiser: Synthesiser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stemsteer.datasets.synthesiser.source_of", lambda program, is_drums: "all")
    whole = synthesiser.play(PIECE, "all")
    np.testing.assert_allclose(sum(played.values()), whole, atol=1e-4)


def test_a_note_ends_though_its_channel_plays_another_instrument_by_then(synthesiser: Synthesiser) -> None:
    """An organ holds its note until it is told to end it: here by a note of velocity 0, after a change to the piano."""
    piece = [
        Event(ProgramChange(19), 0, PIANO),
        Event(NoteOn(60, 100), 0, PIANO),
        Event(ProgramChange(0), 0.5, PIANO),
        Event(NoteOn(60, 0), HELD, PIANO),
        Event(PitchBend(8192), 4, PIANO),
    ]
    signal = np.abs(synthesiser.play(piece, "other"))
    assert signal[: round(HELD * RATE)].max() > 0.01
    assert signal[3 * RATE :].max() < 1e-4


def test_a_channel_without_a_volume_has_general_midis(synthesiser: Synthesiser) -> None:
    piece = note(0, PIANO, 69)
    said = [Event(ControlChange(7, 100), 0, PIANO), *piece]
    np.testing.assert_array_equal(synthesiser.play(piece, "piano"), synthesiser.play(said, "piano"))
    loud = synthesiser.play([Event(ControlChange(7, 127), 0, PIANO), *piece], "piano")
    assert np.abs(loud).max() > 1.2 * np.abs(synthesiser.play(piece, "piano")).max()
