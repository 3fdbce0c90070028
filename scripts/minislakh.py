"""Play a MIDI piece through a SoundFont, source by source, as Slakh2100 was made: mono, 44.1 kHz, 16 bits.

Volumes are the piece's own. One factor for all sources gives their sum, the mixture, a peak of 0.9.
"""

import logging
from typing import Any

import numpy as np
from tinysoundfont import midi

from stemsteer.datasets.general_midi import OTHER, SOURCES
from stemsteer.datasets.synthesiser import Synthesiser, sources_of
from stemsteer.errors import told_in_log
from stemsteer.sound import audio
from stemsteer.sound.audio import Signal

RATE = 44100
PEAK = 0.9
FULL_SCALE = 1 << 15


def in_steps_of_16_bits(signal: Signal) -> Signal:
    """Rounded before they are summed, so that the stored sources add up to the stored mixture exactly."""
    steps: Signal = np.rint(signal * FULL_SCALE)
    return steps / np.float32(FULL_SCALE)


def main(job: Any) -> None:
    events = midi.load(job.input.piece)
    synthesiser = Synthesiser(job.input.sounds, RATE)
    played = {source: synthesiser.play(events, source) for source in sources_of(events)}
    mixture = np.sum(list(played.values()), axis=0)
    factor = PEAK / np.abs(mixture).max()
    silence = np.zeros_like(mixture)
    sources = {source: in_steps_of_16_bits(factor * played.get(source, silence)) for source in (*SOURCES, OTHER)}
    for source, signal in sources.items():
        audio.write(job.output[source], signal, RATE, "PCM_16")
    audio.write(job.output.mixture, np.sum(list(sources.values()), axis=0), RATE, "PCM_16")
    logging.info("%.1f s of %s", len(silence) / RATE, ", ".join(played))


if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        main(job)
