"""minislakh: MIDI pieces played through a SoundFont, source by source, as Slakh2100 was made: mono, 44.1 kHz, 16 bits.

The MIDI pieces are OpenMSX's (GPL-2), and the SoundFont is Fluid (R3) Mono (MIT). Both come from Debian packages.
"""

import logging
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from tinysoundfont import midi

from stemsteer.datasets.debian import unpack
from stemsteer.datasets.general_midi import OTHER, SOURCES
from stemsteer.datasets.synthesiser import Synthesiser, sources_of
from stemsteer.files import written_whole
from stemsteer.sound import audio
from stemsteer.sound.audio import Signal

MUSIC = ("openttd-openmsx", "0.4.2-1", "1a728a4ac37a1c614de1f597d3024caa7f54ce93d28f5b979b5758305b916a54")
PIECES = Path("usr/share/games/openttd/baseset/openmsx")
SOUNDS = ("fluidr3mono-gm-soundfont", "2.315-7", "4098301bf29f4253c2f5799a844f42dd4aa733d91a210071ad16d7757dea51d6")
SOUNDFONT = Path("usr/share/fluidr3mono-gm-soundfont/FluidR3Mono_GM.sf3")

RATE = 44100
PEAK = 0.9
FULL_SCALE = 1 << 15


def unpack_parts(*, pieces_out: Sequence[Path], sounds_out: Path) -> None:
    """Write the MIDI pieces and the SoundFont.

    Args:
        pieces_out: a file for each piece, with the piece's name.
        sounds_out: the SoundFont.

    Raises:
        UserError: a Debian package cannot be fetched.
    """
    wanted = {MUSIC: {PIECES / piece.name: piece for piece in pieces_out}, SOUNDS: {SOUNDFONT: sounds_out}}
    for package, files in wanted.items():
        with tempfile.TemporaryDirectory() as folder:
            unpack(*package, Path(folder))
            for file, output in files.items():
                with written_whole(output) as part:
                    shutil.copyfile(Path(folder) / file, part)


def play_piece(piece: Path, sounds: Path, *, mixture_out: Path, sources_out: Mapping[str, Path]) -> None:
    """Play a MIDI piece, and write its mixture and its sources.

    Volumes are the piece's own. One factor for all sources gives the mixture, their sum, a peak of 0.9.

    Args:
        piece: a MIDI file.
        sounds: a SoundFont.
        mixture_out: the exact sum of the sources.
        sources_out: a file for each of `SOURCES` and `OTHER`; those that do not play are silent.
    """
    events = midi.load(str(piece))
    synthesiser = Synthesiser(sounds, RATE)
    played = {source: synthesiser.play(events, source) for source in sources_of(events)}
    mixture = np.sum(list(played.values()), axis=0)
    factor = PEAK / np.abs(mixture).max()
    silence = np.zeros_like(mixture)
    sources = {source: in_steps_of_16_bits(factor * played.get(source, silence)) for source in (*SOURCES, OTHER)}
    for source, signal in sources.items():
        audio.write(sources_out[source], signal, RATE, "PCM_16")
    audio.write(mixture_out, np.sum(list(sources.values()), axis=0), RATE, "PCM_16")
    logging.info("%.1f s of %s", len(silence) / RATE, ", ".join(played))


def in_steps_of_16_bits(signal: Signal) -> Signal:
    """Round to 16 bits before the sum is taken, so that the stored sources add up to the stored mixture exactly."""
    steps: Signal = np.rint(signal * FULL_SCALE)
    return steps / np.float32(FULL_SCALE)
