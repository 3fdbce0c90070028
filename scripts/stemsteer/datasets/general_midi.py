"""The source that a General MIDI instrument belongs to.

Program numbers count from 0. The classes are those that slakh-utils, the tools of Slakh2100, mixes its five stems from:
strings are violin to tremolo strings and the two string ensembles, without pizzicato, harp, timpani and synthesisers.
"""

PROGRAMS = {
    "piano": frozenset(range(8)),
    "guitar": frozenset(range(24, 32)),
    "bass": frozenset(range(32, 40)),
    "strings": frozenset({*range(40, 45), 48, 49}),
}
DRUMS = "drums"
SOURCES = (*PROGRAMS, DRUMS)

OTHER = "other"
"""What belongs to none of the sources."""


def source_of(program: int, is_drums: bool) -> str:
    """One of `SOURCES`, or `OTHER`; on drums the program is a drum kit and decides nothing."""
    if is_drums:
        return DRUMS
    return next((source for source, programs in PROGRAMS.items() if program in programs), OTHER)
