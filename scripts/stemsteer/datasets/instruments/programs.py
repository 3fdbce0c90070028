"""What the instruments of General MIDI are called: the labels of the vocabulary `instruments`, by program."""

from collections.abc import Mapping

DRUM_KIT = 128
"""Stands for the drum kits, whose channel has no program of an instrument."""

VOICE = 129
"""Stands for speech and singing, which General MIDI does not have."""

PROGRAMS: Mapping[str, frozenset[int]] = {
    "drums": frozenset({DRUM_KIT}),
    "bass": frozenset(range(32, 40)),
    "double bass": frozenset({32, 43}),
    "electric bass": frozenset(range(33, 38)),
    "synth bass": frozenset({38, 39}),
    "guitar": frozenset(range(24, 32)),
    "acoustic guitar": frozenset({24, 25}),
    "electric guitar": frozenset(range(26, 32)),
    "distorted guitar": frozenset({29, 30}),
    "piano": frozenset(range(8)),
    "acoustic piano": frozenset(range(4)),
    "electric piano": frozenset({4, 5}),
    "harpsichord": frozenset({6}),
    "clavinet": frozenset({7}),
    "mallets": frozenset(range(8, 16)),
    "organ": frozenset(range(16, 21)),
    "accordion": frozenset({21, 22, 23}),
    "strings": frozenset({*range(40, 45), 48, 49}),
    "violin": frozenset({40}),
    "viola": frozenset({41}),
    "cello": frozenset({42}),
    "synth strings": frozenset({50, 51}),
    "harp": frozenset({45, 46}),
    "voice": frozenset({52, 53, 54, VOICE}),
    "choir": frozenset({52, 53, 54}),
    "brass": frozenset(range(56, 64)),
    "trumpet": frozenset({56, 59}),
    "trombone": frozenset({57}),
    "tuba": frozenset({58}),
    "french horn": frozenset({60}),
    "reeds": frozenset(range(64, 72)),
    "saxophone": frozenset(range(64, 68)),
    "oboe": frozenset({68, 69}),
    "bassoon": frozenset({70}),
    "clarinet": frozenset({71}),
    "flute": frozenset(range(72, 80)),
    "synth": frozenset(range(80, 96)),
}
"""The programs of each label, counted from 0; a program can have several labels, or none."""

SHARES: Mapping[frozenset[int], float] = {
    frozenset({DRUM_KIT}): 0.16,
    frozenset(range(32, 38)): 0.15,
    frozenset({38, 39}): 0.04,
    frozenset(range(24, 32)): 0.15,
    frozenset(range(8)): 0.14,
    frozenset({*range(40, 45), 48, 49}): 0.1,
    frozenset(range(8, 16)): 0.03,
    frozenset(range(16, 24)): 0.05,
    frozenset({45, 46, 50, 51}): 0.02,
    frozenset({52, 53, 54}): 0.03,
    frozenset(range(56, 64)): 0.04,
    frozenset(range(64, 72)): 0.04,
    frozenset(range(72, 80)): 0.02,
    frozenset(range(80, 96)): 0.03,
}
"""How often each group of programs is drawn: those that most music is made of more often than all others."""

RANGES: Mapping[frozenset[int], tuple[int, int]] = {
    frozenset({*range(32, 40), 43}): (28, 50),
    frozenset({58, 70, 42, 57}): (34, 64),
    frozenset({*range(24, 32), 60, 66, 67}): (43, 74),
    frozenset({40, 56, 68, 73, 75, 72, 74}): (58, 88),
    frozenset(range(8, 15)): (60, 96),
}
"""Where the middle of a part must lie (MIDI keys), in octaves, for instruments that do not play everywhere."""


def labels_of(program: int) -> list[str]:
    """The labels of a program, `DRUM_KIT` or `VOICE`."""
    return [label for label, programs in PROGRAMS.items() if program in programs]


def range_of(program: int) -> tuple[int, int]:
    """Where the middle of a part of an instrument may lie, in MIDI keys."""
    return next((keys for programs, keys in RANGES.items() if program in programs), (40, 84))
