"""The source of each General MIDI instrument.

Program numbers count from 0. The sources are the five stems of slakh-utils, the tools of Slakh2100. Strings are violin
to tremolo strings and the two string ensembles, but not pizzicato, harp, timpani and synthesisers.
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
"""The rest: instruments of none of the sources."""


def source_of(program: int, is_drums: bool) -> str:
    """One of `SOURCES`, or `OTHER`. On the channel of drums the program is a drum kit, and the source is drums."""
    if is_drums:
        return DRUMS
    return next((source for source, programs in PROGRAMS.items() if program in programs), OTHER)
