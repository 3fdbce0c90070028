"""What plays the parts of scores: SoundFonts, recorded notes, and recordings of whole phrases."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import tinysoundfont
from numpy.typing import NDArray

from stemsteer.datasets.instruments.programs import DRUM_KIT
from stemsteer.datasets.instruments.scores import KEY, SECONDS, START
from stemsteer.sound import audio

RATE = 44100
TAIL_SECONDS = 0.3
RELEASE_SECONDS = 0.15
DRUM_BANK = 128
MELODIC = 112
"""The programs from here on are noises."""
GAIN_DB = -6


class Player(ABC):
    """Plays parts of scores on some instruments.

    Attributes:
        programs: that it can play; of General MIDI, `DRUM_KIT` or `VOICE`.
    """

    programs: Sequence[int]

    @abstractmethod
    def play(self, program: int, notes: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float32]:
        """Notes `[notes, 4]` (see scores.py), mono at 44.1 kHz `[samples]`, from time 0."""


class SoundFontPlayer(Player):
    """The instruments of a SoundFont."""

    def __init__(self, sounds: Path, programs: Sequence[int] | None = None) -> None:
        """Of all instruments that are there; or of some: a SoundFont of one drum kit may have it as an instrument."""
        self._synth = tinysoundfont.Synth(gain=GAIN_DB, samplerate=RATE)
        self._font = self._synth.sfload(str(sounds))
        self._kits = self._presets(DRUM_BANK)
        self.programs = (
            [*(preset for preset in self._presets(0) if preset < MELODIC), *([DRUM_KIT] if self._kits else [])]
            if programs is None
            else programs
        )

    def _presets(self, bank: int) -> list[int]:
        return [preset for preset in range(128) if self._synth.sfpreset_name(self._font, bank, preset)]

    def play(self, program: int, notes: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float32]:
        channel = 0
        self._synth.sounds_off()
        self._synth.generate_simple(RATE // 10)  # plays out what is fading
        if program != DRUM_KIT:
            self._synth.program_select(channel, self._font, 0, program)
        elif self._kits:
            self._synth.program_select(channel, self._font, DRUM_BANK, int(random.choice(self._kits)))
        else:
            self._synth.program_select(channel, self._font, 0, 0)
        ends = notes[:, START] + notes[:, SECONDS]
        events = [(start, 1, key, velocity) for start, _, key, velocity in notes]
        events += [(end, 0, key, 0) for end, key in zip(ends, notes[:, KEY], strict=True)]
        blocks, now = [], 0
        for seconds, begins, key, velocity in sorted(events):
            at = round(seconds * RATE)
            if at > now:
                blocks.append(self._generate(at - now))
                now = at
            if begins:
                self._synth.noteon(channel, int(key), int(velocity))
            else:
                self._synth.noteoff(channel, int(key))
        blocks.append(self._generate(round(TAIL_SECONDS * RATE)))
        return np.concatenate(blocks)

    def _generate(self, samples: int) -> NDArray[np.float32]:
        stereo = np.frombuffer(self._synth.generate_simple(samples), np.float32).reshape(-1, 2)
        return stereo.mean(axis=1, dtype=np.float32)


class SamplePlayer(Player):
    """Recorded notes of one instrument; a note between them is a recorded one at another speed."""

    def __init__(self, program: int, samples: Mapping[int, Path]) -> None:
        """`samples` are audio files by MIDI key."""
        self.programs = [program]
        self._samples = {key: _read(path) for key, path in samples.items()}

    def play(self, program: int, notes: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float32]:
        length = round((float((notes[:, START] + notes[:, SECONDS]).max()) + TAIL_SECONDS) * RATE)
        mixed = np.zeros(length, np.float32)
        for start, seconds, key, velocity in notes:
            sound = self._note(key, seconds) * (velocity / 127)
            at = round(start * RATE)
            mixed[at : at + len(sound)] += sound[: length - at]
        return mixed

    def _note(self, key: float, seconds: float) -> NDArray[np.float32]:
        nearest = min(self._samples, key=lambda recorded: abs(recorded - key))
        recorded = self._samples[nearest]
        release = round(RELEASE_SECONDS * RATE)
        samples = round(seconds * RATE) + release
        times = np.arange(samples) * 2 ** ((key - nearest) / 12)
        sound = np.interp(times, np.arange(len(recorded)), recorded, right=0).astype(np.float32)
        sound[-release:] *= np.linspace(1, 0, release, dtype=np.float32)
        return sound


class RecordingPlayer(Player):
    """Excerpts of recordings of one instrument; it plays what it was recorded to play, whatever the notes."""

    def __init__(self, program: int, recordings: Sequence[Path]) -> None:
        self.programs = [program]
        self._recordings = [_read(path) for path in recordings]

    def play(self, program: int, notes: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float32]:
        length = round(float((notes[:, START] + notes[:, SECONDS]).max()) * RATE)
        phrases: list[NDArray[np.float32]] = []
        while sum(map(len, phrases)) < length:
            recording = self._recordings[random.integers(len(self._recordings))]
            at = random.integers(max(1, len(recording) - length))
            phrases.append(recording[at : at + length])
        return np.concatenate(phrases)[:length]


def _read(path: Path) -> NDArray[np.float32]:
    signal, rate = audio.read(path)
    mono = audio.resample(audio.mono(signal), rate, RATE)[:, 0]
    peak = np.abs(mono).max(initial=1e-6)
    return (mono / peak).astype(np.float32)
