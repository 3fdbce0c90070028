"""Clips of one instrument each, as a tagger's front end hears them, and what each clip is made of."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from stemsteer.datasets.instruments.colouring import coloured
from stemsteer.datasets.instruments.players import RATE, Player
from stemsteer.datasets.instruments.programs import DRUM_KIT, SHARES, range_of
from stemsteer.datasets.instruments.scores import KEY, SECONDS, START, VELOCITY, ScorePart
from stemsteer.generators.components.factorisation import factorise
from stemsteer.sound import audio
from stemsteer.taggers.instruments.front_end import CONTEXT_SECONDS, FrontEnd

CLIP_SECONDS = 4.0
COMPONENTS = 8
ITERATIONS = 40
TRIES = 40
FEWEST_NOTES = 3
DRIVEN = frozenset({*range(24, 40), 4, 5, 7, *range(16, 20)})
"""Programs that may be played through an amplifier."""


@dataclass(frozen=True)
class Clips:
    """Clips and their instruments.

    Attributes:
        programs: `[clips]`.
        magnitudes: the square roots of the mel powers, `[clips, mels, frames]`, float16.
        spectra: of the components of each clip's magnitudes, `[clips, mels, components]`, float16.
        activations: `[clips, components, frames]`, float16.
    """

    programs: NDArray[np.int16]
    magnitudes: NDArray[np.float16]
    spectra: NDArray[np.float16]
    activations: NDArray[np.float16]


class ClipMaker:
    """Draws clips: an instrument of a player, a phrase of a score, and the way of the sound into a recording."""

    def __init__(self, player: Player, parts: Sequence[ScorePart], random: np.random.Generator) -> None:
        self.player, self.parts, self.random = player, parts, random
        self._front_end = FrontEnd()
        self._of_group = {
            group: [index for index, part in enumerate(parts) if part.program in group] for group in SHARES
        }
        self._melodic = [index for index, part in enumerate(parts) if part.program != DRUM_KIT]

    def make(self, number: int) -> Clips:
        """So many clips."""
        made = [clip for _, clip in zip(range(number), self._drawn(), strict=False)]
        programs, *arrays = zip(*made, strict=True)
        return Clips(np.array(programs, np.int16), *(np.stack(array) for array in arrays))

    def _drawn(self) -> Iterator[tuple[int, NDArray[np.float16], NDArray[np.float16], NDArray[np.float16]]]:
        while True:
            program = self._program()
            notes = self._phrase(program)
            if notes is None:
                continue
            played = self.player.play(program, notes, self.random)
            heard = self._heard(played, program)
            if heard is not None:
                yield program, *heard

    def _program(self) -> int:
        """Of the player's, those of frequent groups more often."""
        playable = {group: sorted(group & set(self.player.programs)) for group in SHARES}
        groups = [group for group, programs in playable.items() if programs]
        if not groups:
            return int(self.random.choice(np.array(self.player.programs)))
        weights = np.array([SHARES[group] for group in groups])
        group = groups[self.random.choice(len(groups), p=weights / weights.sum())]
        return int(self.random.choice(playable[group]))

    def _phrase(self, program: int) -> NDArray[np.float64] | None:
        """Notes within `CLIP_SECONDS`, mostly of such an instrument; transposed to where the instrument plays."""
        group = next((group for group in SHARES if program in group), frozenset())
        own = self._of_group.get(group, [])
        candidates = own if own and (program == DRUM_KIT or self.random.random() < 0.7) else self._melodic
        for _ in range(TRIES):
            notes = self.parts[self.random.choice(candidates)].notes.copy()
            notes[:, [START, SECONDS]] *= np.exp(self.random.uniform(-0.25, 0.25))
            first = notes[self.random.integers(len(notes)), START]
            notes = notes[(notes[:, START] >= first) & (notes[:, START] < first + CLIP_SECONDS)]
            if len(notes) >= FEWEST_NOTES or (len(notes) and self.random.random() < 0.1):
                return self._arranged(notes, program, first)
        return None

    def _arranged(self, notes: NDArray[np.float64], program: int, first: float) -> NDArray[np.float64]:
        notes[:, START] -= first
        notes[:, SECONDS] = np.minimum(notes[:, SECONDS], CLIP_SECONDS - notes[:, START])
        notes[:, VELOCITY] = np.clip(notes[:, VELOCITY] * self.random.uniform(0.6, 1.2), 20, 127)
        if program != DRUM_KIT:
            low, high = range_of(program)
            notes[:, KEY] += self.random.integers(-5, 6)
            middle = np.median(notes[:, KEY])
            if not low <= middle <= high:
                wanted = self.random.uniform(low, high)
                notes[:, KEY] += 12 * np.round((wanted - middle) / 12)
            notes[:, KEY] = np.clip(notes[:, KEY], 21, 108)
        return notes

    def _heard(
        self, played: NDArray[np.float32], program: int
    ) -> tuple[NDArray[np.float16], NDArray[np.float16], NDArray[np.float16]] | None:
        rate = self._front_end.sample_rate
        wanted = round((CLIP_SECONDS + CONTEXT_SECONDS) * rate)
        mono = audio.resample(played[:, None], RATE, rate)[:, 0]
        mono = np.pad(mono, (round(CONTEXT_SECONDS * rate), wanted))[:wanted]
        if np.abs(mono).max() < 1e-4:
            return None
        signal = coloured(mono / np.abs(mono).max(), rate, self.random, program in DRIVEN)
        with torch.no_grad():
            magnitudes = self._front_end.power(torch.from_numpy(signal)[None])[0].T.sqrt()
        factors = factorise(magnitudes, COMPONENTS, int(self.random.integers(2**31)), ITERATIONS)
        return (
            magnitudes.numpy().astype(np.float16),
            factors.spectra.numpy().astype(np.float16),
            factors.activations.numpy().astype(np.float16),
        )
