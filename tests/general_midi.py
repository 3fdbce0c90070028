"""Short pieces for General MIDI instruments, composed by seeded chance and played by a synthesiser."""

import zlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from tinysoundfont.midi import Event, NoteOff, NoteOn, ProgramChange

from stemsteer.datasets.general_midi import source_of
from stemsteer.datasets.synthesiser import DRUM_CHANNEL, Synthesiser

# Fluid (R3) Mono, by Frank Wen and Michael Cowgill (MIT licence): Debian's package fluidr3mono-gm-soundfont.
SOUNDS = Path("/usr/share/fluidr3mono-gm-soundfont/FluidR3Mono_GM.sf3")
RATE = 16000
PHRASES = 3

# Chords of a bar, as steps of the scale, and what is played of each: beat, length in beats, steps above its root.
PROGRESSIONS = [(0, 3, 4, 0), (0, 5, 3, 4), (0, 4, 5, 3), (0, 5, 1, 4)]
BROKEN = [(beat / 2, 4 - beat / 2, step) for beat, step in enumerate((0, 2, 4, 7, 4, 2, 9, 4))]
HELD = [(0, 4, step) for step in (0, 2, 4, 7)]
STRUMMED = [(beat + step / 80, 0.9, step) for beat in (0, 1, 1.5, 2.5, 3, 3.5) for step in (0, 2, 4, 7, 9)]
TWO_STRINGS = [(0, 2, 0), (2, 2, 2)]
POWER = [(beat / 2, 0.5, step) for beat in range(8) for step in (0, 4, 7)]
BASS = [(beat / 2, 0.45, step) for beat, step in enumerate((0, 0, 7, 0, 0, 4, 2, 7))]
MAJOR, MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10)


class Note(NamedTuple):
    start: float
    """In seconds, as `length`."""
    length: float
    pitch: int
    """A MIDI number; on drums, which of them."""
    loudness: int
    """1 to 127."""


class Part(NamedTuple):
    """What an instrument plays: chords, a tune above them, or both; drums play a beat of their own."""

    program: int
    """Its General MIDI number, from 0; or the drum kit's."""
    beat: float
    """In seconds."""
    low: int = 0
    """The lowest keynote, a MIDI number."""
    chords: Sequence[tuple[float, float, int]] = ()
    tune: int | None = None
    """Semitones from the keynote to where the tune begins."""


INSTRUMENTS = {
    "piano": Part(0, 0.6, 36, BROKEN, tune=24),
    "electric piano": Part(4, 0.6, 48, HELD, tune=12),
    "nylon guitar": Part(24, 0.55, 40, BROKEN),
    "steel guitar": Part(25, 0.5, 40, STRUMMED),
    "overdriven guitar": Part(29, 0.45, 40, POWER, tune=24),
    "bass": Part(33, 0.5, 28, BASS),
    "violin": Part(40, 0.7, 55, TWO_STRINGS, tune=0),
    "cello": Part(42, 0.7, 38, tune=0),
    "strings": Part(48, 0.8, 48, HELD, tune=12),
    "choir": Part(52, 0.8, 48, HELD, tune=12),
    "flute": Part(73, 0.5, 67, tune=0),
    "synthesiser": Part(90, 0.8, 48, HELD),
    "sitar": Part(104, 0.35, 50, tune=0),
    "drums": Part(0, 0.6),
    "drum machine": Part(25, 0.6),
}
DRUMS = {"drums", "drum machine"}


@cache
def played(instrument: str, seconds: float) -> NDArray[np.float32]:
    """`PHRASES` phrases in different keys, `[samples]` at `RATE` Hz with a peak of 1."""
    part = INSTRUMENTS[instrument]
    samples = round(seconds * RATE / PHRASES)
    phrases = []
    for number in range(PHRASES):
        random = np.random.default_rng([zlib.crc32(instrument.encode()), number])
        if instrument in DRUMS:
            phrases.append(rendered(beat(part, random, seconds / PHRASES), part.program, samples, drums=True))
        else:
            phrases.append(rendered(music(part, random, seconds / PHRASES), part.program, samples))
    signal = np.concatenate(phrases)
    return signal / np.abs(signal).max()


def music(part: Part, random: np.random.Generator, seconds: float) -> list[Note]:
    """Chords and a tune, in a major or minor key drawn at random."""
    scale = MAJOR if random.random() < 0.5 else MINOR
    keynote = part.low + int(random.integers(12))
    progression = PROGRESSIONS[random.integers(len(PROGRESSIONS))]

    def pitch(step: int) -> int:
        return keynote + 12 * (step // 7) + scale[step % 7]

    bar = 4 * part.beat
    notes = [
        Note(number * bar + at * part.beat, length * part.beat, pitch(root + step), int(random.integers(70, 105)))
        for number, root in zip(range(int(seconds / bar) + 1), progression * 8, strict=False)
        for at, length, step in part.chords
    ]
    start, step = 0.0, 4
    while part.tune is not None and start < seconds:
        length = part.beat * random.choice((0.5, 1, 1, 2))
        step = min(max(step + random.choice((-3, -2, -1, -1, 1, 1, 2, 3)), 0), 12)
        notes.append(Note(start, length, pitch(step) + part.tune, int(random.integers(80, 115))))
        start += length
    return notes


def beat(part: Part, random: np.random.Generator, seconds: float) -> list[Note]:
    """Bass drum, snare and hi-hat in sixteenths, with a cymbal at the start and a fill in every fourth bar."""
    bass = {0, 8, *random.choice([3, 6, 7, 10, 11, 14], 2, replace=False)}
    hits = []
    for sixteenth in range(int(seconds * 4 / part.beat)):
        bar, place = divmod(sixteenth, 16)
        drums = [49] * (sixteenth == 0) + [36] * (place in bass) + [38] * (place in (4, 12))
        drums += [46 if place == 14 and bar % 2 else 42] * (place % 2 == 0)
        if bar % 4 == 3 and place >= 10:
            drums += [(50, 50, 47, 47, 45, 43)[place - 10]]
        hits += [(sixteenth, drum) for drum in drums]
    return [Note(place * part.beat / 4, 0.2, drum, int(random.integers(80, 120))) for place, drum in hits]


def rendered(notes: Sequence[Note], program: int, samples: int, drums: bool = False) -> NDArray[np.float32]:
    """What the synthesiser plays, `[samples]`."""
    channel = DRUM_CHANNEL if drums else 0
    begin = [Event(NoteOn(note.pitch, note.loudness), note.start, channel) for note in notes]
    end = [Event(NoteOff(note.pitch), note.start + note.length, channel) for note in notes]
    # Notes end before others begin.
    events = sorted([*end, *begin], key=lambda event: round(event.t * RATE))
    piece = [Event(ProgramChange(program), 0, channel), *events]
    return synthesiser().play(piece, source_of(program, drums))[:samples, 0]


@cache
def synthesiser() -> Synthesiser:
    return Synthesiser(SOUNDS, RATE)
