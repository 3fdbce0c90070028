"""Play MIDI through a SoundFont, the notes of one source at a time."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tinysoundfont
from tinysoundfont.midi import ControlChange, Event, NoteOff, NoteOn, PitchBend, ProgramChange

from stemsteer.datasets.general_midi import OTHER, SOURCES, source_of
from stemsteer.sound.audio import Signal

CHANNELS = 16
DRUM_CHANNEL = 9
RESET_ALL_CONTROLLERS = 121
VOLUME, DEFAULT_VOLUME = 7, 100
NO_BEND = 8192
TAIL_SECONDS = 2
"""Time after the last event, s, in which the last notes fade out."""


def sources_of(events: Sequence[Event]) -> list[str]:
    """Those of `SOURCES` and `OTHER` that have notes."""
    heard = {source for event, source in _with_sources(events) if _begins_note(event)}
    return [source for source in (*SOURCES, OTHER) if source in heard]


def _begins_note(event: Event) -> bool:
    """Whether this event begins a note. Many files end a note with a NoteOn of velocity 0."""
    return isinstance(event.action, NoteOn) and event.action.velocity > 0


def _with_sources(events: Sequence[Event]) -> list[tuple[Event, str]]:
    """Each event with its source, by the program of its channel at that time."""
    programs = [0] * CHANNELS
    found = []
    for event in events:
        if isinstance(event.action, ProgramChange):
            programs[event.channel] = event.action.program
        found.append((event, source_of(programs[event.channel], event.channel == DRUM_CHANNEL)))
    return found


class Synthesiser:
    """A General MIDI synthesiser with the sounds of a SoundFont."""

    def __init__(self, sounds: Path, rate: int) -> None:
        self.rate = rate
        self._synth = tinysoundfont.Synth(samplerate=rate)
        self._synth.sfload(str(sounds))

    def play(self, events: Sequence[Event], source: str) -> Signal:
        """The notes of `source`, `[samples, 1]`: the mean of the two channels.

        Leaving out the notes of other sources does not change these, so that the sources of a piece add up to it.
        """
        self._reset()
        blocks = []
        now = 0
        for event, its_source in _with_sources(events):
            time = round(event.t * self.rate)
            if time > now:
                blocks.append(self._generate(time - now))
                now = time
            if its_source == source or not _begins_note(event):
                self._send(event)
        blocks.append(self._generate(TAIL_SECONDS * self.rate))
        return np.concatenate(blocks)

    def _reset(self) -> None:
        self._synth.sounds_off()
        self._generate(self.rate)  # plays out what is fading
        for channel in range(CHANNELS):
            self._synth.control_change(channel, RESET_ALL_CONTROLLERS, 0)
            self._synth.control_change(channel, VOLUME, DEFAULT_VOLUME)
            self._synth.pitchbend(channel, NO_BEND)
            self._synth.program_change(channel, 0, channel == DRUM_CHANNEL)

    def _send(self, event: Event) -> None:
        channel = event.channel
        match event.action:
            case NoteOff(key) | NoteOn(key, 0):
                self._synth.noteoff(channel, key)
            case NoteOn(key, velocity):
                self._synth.noteon(channel, key, velocity)
            case ControlChange(control, value):
                self._synth.control_change(channel, control, value)
            case ProgramChange(program):
                self._synth.program_change(channel, program, channel == DRUM_CHANNEL)
            case PitchBend(bend):
                self._synth.pitchbend(channel, bend)

    def _generate(self, samples: int) -> Signal:
        stereo = np.frombuffer(self._synth.generate_simple(samples), np.float32).reshape(-1, 2)
        return stereo.mean(axis=1, keepdims=True)
