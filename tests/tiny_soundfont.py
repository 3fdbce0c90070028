"""A SoundFont of a tone that goes on, as two instruments, and of a burst of noise, as a drum kit."""

import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np

RATE = 44100
TONE, NOISE = 0, 1
PRESETS = {(0, 0): TONE, (0, 73): TONE, (128, 0): NOISE}
"""The sound of each bank and program."""

PERIODS, SAMPLES = 44, 4410
"""Of the recorded tone."""
KEY = 69
"""That it is recorded at: 44 periods in 0.1 s are 440 Hz."""
INSTRUMENT, MODES, SAMPLE = 41, 54, 53
"""Generators, by the numbers of the standard."""


def write_soundfont(path: Path, presets: Mapping[tuple[int, int], int] = PRESETS) -> None:
    """Write the file."""
    tone = 0.5 * np.sin(2 * np.pi * PERIODS * np.arange(SAMPLES) / SAMPLES)
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, SAMPLES)
    sounds = [(32767 * sound).astype("<i2").tobytes() + bytes(2 * 46) for sound in (tone, noise)]
    starts = [0, SAMPLES + 46]
    ends = len(presets), len(sounds)
    bags = [struct.pack("<HH", number, 0) for number in range(ends[0] + 1)]
    headers = [
        struct.pack("<20sHHH12x", b"preset", program, bank, number)
        for number, (bank, program) in enumerate((*presets, (0, 0)))
    ]
    # An instrument has two generators: whether its sample is repeated, and which one it is.
    own = [struct.pack("<HHHH", MODES, int(sound == TONE), SAMPLE, sound) for sound in (TONE, NOISE)]
    recorded = [
        struct.pack("<20sIIIIIBbHH", b"sound", at, at + SAMPLES, at, at + SAMPLES, RATE, KEY, 0, 0, 1) for at in starts
    ]
    tables = {
        b"phdr": b"".join(headers),
        b"pbag": b"".join(bags),
        b"pmod": bytes(10),
        b"pgen": b"".join(struct.pack("<HH", INSTRUMENT, sound) for sound in presets.values()) + bytes(4),
        b"inst": b"".join(struct.pack("<20sH", b"instrument", number) for number in range(ends[1] + 1)),
        b"ibag": b"".join(struct.pack("<HH", 2 * number, 0) for number in range(ends[1] + 1)),
        b"imod": bytes(10),
        b"igen": b"".join(own) + bytes(4),
        b"shdr": b"".join(recorded) + bytes(46),
    }
    samples = _list(b"sdta", {b"smpl": b"".join(sounds)})
    path.write_bytes(_chunk(b"RIFF", b"sfbk" + samples + _list(b"pdta", tables)))


def _list(kind: bytes, chunks: dict[bytes, bytes]) -> bytes:
    return _chunk(b"LIST", kind + b"".join(_chunk(name, content) for name, content in chunks.items()))


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content
