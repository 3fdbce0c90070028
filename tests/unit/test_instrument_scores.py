"""Scores are read note by note: MIDI, MusicXML, and the music in the file of a game."""

import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from stemsteer.datasets.instruments.programs import DRUM_KIT
from stemsteer.datasets.instruments.scores import FEWEST_NOTES, ScorePart, load_parts, read_parts, save_parts
from stemsteer.errors import UserError
from stemsteer.stages.tagger_clips import read_scores

TICKS = 100
"""Of a quarter, which lasts 0.5 s where a file does not say."""


def midi(*events: tuple[int, bytes]) -> bytes:
    """A MIDI file of one track; before each event so many ticks pass, fewer than 128."""
    track = b"".join(bytes([ticks]) + event for ticks, event in events) + b"\x00\xff\x2f\x00"
    return b"MThd" + struct.pack(">IHHH", 6, 0, 1, TICKS) + b"MTrk" + struct.pack(">I", len(track)) + track


def on(key: int, velocity: int, channel: int = 0) -> bytes:
    return bytes([0x90 + channel, key, velocity])


def off(key: int, channel: int = 0) -> bytes:
    return bytes([0x80 + channel, key, 0])


def program(number: int, channel: int = 0) -> bytes:
    return bytes([0xC0 + channel, number])


def scale(channel: int = 0, first: int = 60) -> list[tuple[int, bytes]]:
    """Eight notes of a quarter each; every other one ends with a NoteOn of velocity 0."""
    events = []
    for step in range(FEWEST_NOTES):
        key = first + step
        events += [(0, on(key, 80 + step, channel)), (TICKS, on(key, 0, channel) if step % 2 else off(key, channel))]
    return events


SCALE = np.array([[0.5 * step, 0.5, 60 + step, 80 + step] for step in range(FEWEST_NOTES)])


def written(path: Path, content: bytes | str) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_the_notes_of_midi_have_times_keys_and_velocities(tmp_path: Path) -> None:
    (part,) = read_parts(written(tmp_path / "piece.MID", midi((0, program(73)), *scale())))
    assert part.program == 73
    np.testing.assert_allclose(part.notes, SCALE, atol=2e-3)


def test_a_channel_has_a_part_for_each_instrument_and_drums_have_no_program(tmp_path: Path) -> None:
    piece = midi(
        (0, program(5, 9)), *scale(9, 36), *scale(0), (0, program(40)), *scale(0, 72), (0, on(50, 90, 3)), (9, off(50))
    )
    parts = {part.program: part.notes for part in read_parts(written(tmp_path / "piece.mid", piece))}
    assert list(parts) == [DRUM_KIT, 0, 40]
    for number, (key, start) in enumerate([(36, 0), (60, 4), (72, 8)]):
        notes = list(parts.values())[number]
        np.testing.assert_array_equal(notes[:, 2], key + np.arange(8))
        assert notes[0, 0] == pytest.approx(start, abs=5e-3)


def test_the_notes_of_a_chord_end_one_by_one(tmp_path: Path) -> None:
    chords = [(0, on(key, 70)) for key in (60, 64, 67, 72)] + [(TICKS // 2, off(key)) for key in (60, 64, 67, 72)]
    (part,) = read_parts(written(tmp_path / "piece.mid", midi(*chords, *chords)))
    lengths = {key: part.notes[part.notes[:, 2] == key, 1] for key in (60, 64, 67, 72)}
    for number, length in enumerate(lengths.values()):
        np.testing.assert_allclose(length, 0.25 * (number + 1), atol=2e-3)


def note(step: str, duration: int, octave: int = 4, alter: int | None = None, chord: bool = False) -> str:
    altered = "" if alter is None else f"<alter>{alter}</alter>"
    pitch = f"<pitch><step>{step}</step>{altered}<octave>{octave}</octave></pitch>"
    return f"<note>{'<chord/>' if chord else ''}{pitch}<duration>{duration}</duration></note>"


SCORE = f"""<?xml version="1.0"?>
<score-partwise><part-list><score-part id="P1"><part-name>Music</part-name></score-part></part-list>
<part id="P1"><measure>
<attributes><divisions>2</divisions></attributes>
{note("C", 2)}{note("G", 4, chord=True)}{note("E", 2, chord=True)}{note("B", 1, alter=-1)}
<note><rest/><duration>1</duration></note><note><grace/><pitch><step>A</step><octave>4</octave></pitch></note>
<backup><duration>6</duration></backup>{note("C", 4, octave=3)}
<forward><duration>2</duration></forward>
</measure><measure>
<attributes><divisions>4</divisions></attributes>
{note("F", 4, alter=1)}{note("A", 2)}{note("A", 2, octave=5)}
</measure></part></score-partwise>
"""
# The chord lasts as long as its longest note; the bass goes back to 0.25 s.
NOTES = [
    (0.0, 0.5, 60),
    (0.0, 0.5, 64),
    (0.0, 1.0, 67),
    (1.0, 0.25, 70),
    (0.0, 1.0, 48),
    (1.5, 0.5, 66),
    (2.0, 0.25, 69),
    (2.25, 0.25, 81),
]


@pytest.mark.parametrize("name", ["piece.xml", "piece.mxl"])
def test_musicxml_has_chords_voices_and_divisions_of_quarters(tmp_path: Path, name: str) -> None:
    path = written(tmp_path / name, SCORE)
    if name.endswith(".mxl"):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("META-INF/container.xml", "<container/>")
            archive.writestr("score.xml", SCORE)
    (part,) = read_parts(path)
    assert part.program is None
    np.testing.assert_allclose(part.notes, [(*note, 90) for note in sorted(NOTES)])


@pytest.mark.parametrize("content", ["<project><part/></project>", SCORE.replace("pitch>", "unpitched>")])
def test_xml_without_notes_has_no_parts(tmp_path: Path, content: str) -> None:
    assert read_parts(written(tmp_path / "build.xml", content)) == []


def wad(*lumps: bytes) -> bytes:
    """The file of a game: a header, what is in it, and a directory."""
    header = 12
    starts = [header + sum(map(len, lumps[:number])) for number in range(len(lumps))]
    entries = zip(starts, lumps, strict=True)
    directory = b"".join(struct.pack("<II8s", start, len(lump), b"LUMP") for start, lump in entries)
    content = b"".join(lumps)
    return b"IWAD" + struct.pack("<II", len(lumps), header + len(content)) + content + directory


def test_the_midi_files_in_a_game_are_found(tmp_path: Path) -> None:
    game = wad(b"a picture, perhaps", midi(*scale()), b"", midi((0, program(30)), *scale(0, 40)), b"MUS\x1a")
    first, second = read_parts(written(tmp_path / "game.wad", game))
    np.testing.assert_allclose(first.notes, SCALE, atol=2e-3)
    assert (second.program, second.notes[0, 2]) == (30, 40)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("song.mid", b"no music at all"),
        ("song.mid", midi(*scale())[:20]),
        ("game.wad", wad(midi(*scale())[:20])),
        ("game.wad", b"IWAD"),
        ("song.mxl", b"PK\x03\x04"),
        ("song.xml", "<score-partwise>"),
    ],
)
def test_a_damaged_score_is_named(tmp_path: Path, name: str, content: bytes | str) -> None:
    (tmp_path / "songs").mkdir()
    written(tmp_path / "songs" / name, content)
    table = written(tmp_path / "scores.tsv", f"package\tfiles\nsongs\t{name}\n")
    with pytest.raises(UserError, match=rf"songs/{name}: it cannot be read as a score \(.+\); fetch its package anew"):
        read_scores(table, tmp_path, parts_out=tmp_path / "parts.npz")
    assert not (tmp_path / "parts.npz").exists()


def test_all_scores_of_a_table_are_read_and_come_back(tmp_path: Path) -> None:
    for package, name, content in [
        ("songs", "b.mid", midi((0, program(11)), *scale())),
        ("songs", "a.mid", midi(*scale(9))),
        ("hymns", "deep/down/hymn.xml", SCORE),
    ]:
        (tmp_path / package / name).parent.mkdir(parents=True, exist_ok=True)
        written(tmp_path / package / name, content)
    table = written(tmp_path / "scores.tsv", "package\tfiles\nsongs\t*.mid\nhymns\t**/*.xml\n")
    read_scores(table, tmp_path, parts_out=tmp_path / "parts.npz")
    parts = load_parts(tmp_path / "parts.npz")
    assert [part.program for part in parts] == [DRUM_KIT, 11, None]
    np.testing.assert_allclose(parts[1].notes, SCALE, atol=2e-3)
    assert parts[2].notes.shape == (8, 4)


def test_parts_of_different_lengths_come_back_as_they_were(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    parts = [ScorePart(number, random.random((length, 4))) for number, length in ((None, 3), (0, 1), (DRUM_KIT, 7))]
    save_parts(parts, tmp_path / "new" / "parts.npz")
    for saved, part in zip(load_parts(tmp_path / "new" / "parts.npz"), parts, strict=True):
        assert saved.program == part.program
        np.testing.assert_array_equal(saved.notes, part.notes)


def test_a_package_without_the_scores_is_told(tmp_path: Path) -> None:
    table = written(tmp_path / "scores.tsv", "package\tfiles\nsongs\t*.mid\n")
    with pytest.raises(UserError, match=r"the package songs holds no \*\.mid; correct resources/tagger"):
        read_scores(table, tmp_path, parts_out=tmp_path / "parts.npz")
