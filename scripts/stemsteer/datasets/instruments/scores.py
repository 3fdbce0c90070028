"""Scores: the notes of each part of a piece, out of MIDI and MusicXML files."""

import zipfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray
from tinysoundfont import midi
from tinysoundfont.midi import NoteOff, NoteOn, ProgramChange

from stemsteer.datasets.instruments.programs import DRUM_KIT
from stemsteer.datasets.synthesiser import DRUM_CHANNEL
from stemsteer.errors import UserError
from stemsteer.files import written_whole

START, SECONDS, KEY, VELOCITY = range(4)
"""The columns of notes."""

STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
SECONDS_PER_QUARTER = 0.5
VELOCITY_OF_SCORES = 90

FEWEST_NOTES = 8
NOT_SAID = -1


@dataclass(frozen=True)
class ScorePart:
    """What one instrument plays.

    Attributes:
        program: of General MIDI, or `DRUM_KIT`; None where the score does not say.
        notes: start (s), length (s), MIDI key and velocity, `[notes, 4]`, in the order of the starts.
    """

    program: int | None
    notes: NDArray[np.float64]


def read_parts(path: Path) -> list[ScorePart]:
    """The parts of a `.mid`, `.midi`, `.mxl` or `.xml` file, or of the MIDI files in a game's `.wad`.

    Raises:
        UserError: the file is damaged.
    """
    try:
        parts = _parts_of(path)
    except Exception as error:  # whatever a damaged file makes the readers raise
        raise UserError(f"{path}: it cannot be read as a score ({error!r}); fetch its package anew") from error
    return [part for part in parts if len(part.notes) >= FEWEST_NOTES]


def _parts_of(path: Path) -> list[ScorePart]:
    match path.suffix.lower():
        case ".mxl" | ".xml":
            return _musicxml(path)
        case ".wad":
            return [part for piece in _midi_files_in(path.read_bytes()) for part in _midi(piece)]
        case _:
            return _midi(path.read_bytes())


def save_parts(parts: Sequence[ScorePart], path: Path) -> None:
    """Write parts as a NumPy archive."""
    programs = [NOT_SAID if part.program is None else part.program for part in parts]
    lengths = [len(part.notes) for part in parts]
    with written_whole(path) as written, written.open("wb") as file:
        np.savez(file, programs=programs, lengths=lengths, notes=np.concatenate([part.notes for part in parts]))


def load_parts(path: Path) -> list[ScorePart]:
    """What `save_parts` wrote."""
    with np.load(path) as saved:
        programs, notes = saved["programs"].tolist(), np.split(saved["notes"], np.cumsum(saved["lengths"])[:-1])
    pairs = zip(programs, notes, strict=True)
    return [ScorePart(None if program == NOT_SAID else program, of_part) for program, of_part in pairs]


def _midi_files_in(wad: bytes) -> Iterator[bytes]:
    """A WAD ends with a directory of 16 bytes for each lump: where it begins, how long it is, and its name."""
    lumps, directory = np.frombuffer(wad[4:12], "<u4")
    for start, size in np.frombuffer(wad[directory:], "<u4")[: 4 * lumps].reshape(-1, 4)[:, :2]:
        lump = wad[start : start + size]
        if lump.startswith(b"MThd"):
            yield lump


def _midi(content: bytes) -> list[ScorePart]:
    programs: dict[int, int] = defaultdict(int)
    sounding: dict[tuple[int, int], tuple[float, int]] = {}
    notes: dict[tuple[int, int], list[tuple[float, float, int, int]]] = defaultdict(list)
    for event in midi.load_memory(content):
        match event.action:
            case ProgramChange(program):
                programs[event.channel] = program
            case NoteOn(key, velocity) if velocity > 0:
                sounding[event.channel, key] = event.t, velocity
            case NoteOn(key, _) | NoteOff(key):
                if begun := sounding.pop((event.channel, key), None):
                    program = DRUM_KIT if event.channel == DRUM_CHANNEL else programs[event.channel]
                    notes[event.channel, program].append((begun[0], event.t - begun[0], key, begun[1]))
    return [ScorePart(program, np.array(sorted(of_part))) for (_, program), of_part in notes.items()]


def _musicxml(path: Path) -> list[ScorePart]:
    if path.suffix.lower() == ".mxl":
        with zipfile.ZipFile(path) as archive:
            name = next(name for name in archive.namelist() if name.endswith("xml") and "META-INF" not in name)
            root = ElementTree.fromstring(archive.read(name))
    else:
        root = ElementTree.fromstring(path.read_bytes())
    return [ScorePart(None, np.array(sorted(_notes_of(part))).reshape(-1, 4)) for part in root.iter("part")]


def _notes_of(part: ElementTree.Element) -> Iterator[tuple[float, float, float, float]]:
    now = before = 0.0
    quarter = 1.0
    for element in part.iter():
        match element.tag:
            case "divisions":
                quarter = float(element.text or 1)
            case "backup" | "forward":
                steps = float(element.findtext("duration", "0")) / quarter * SECONDS_PER_QUARTER
                now += steps if element.tag == "forward" else -steps
            case "note":
                seconds = float(element.findtext("duration", "0")) / quarter * SECONDS_PER_QUARTER
                # The notes of a chord begin together.
                start = before if element.find("chord") is not None else now
                if (pitch := element.find("pitch")) is not None and seconds:
                    key = 12 * (int(pitch.findtext("octave", "4")) + 1) + STEPS[pitch.findtext("step", "C")]
                    yield start, seconds, key + float(pitch.findtext("alter", "0")), VELOCITY_OF_SCORES
                before, now = start, max(now, start + seconds)
