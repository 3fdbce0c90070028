"""What is noted of users' files: it follows their content, whatever their dates are."""

import os
import stat
import threading
from pathlib import Path

import pytest

from stemsteer.jobs.contents import UNKNOWN, Contents, note_content


@pytest.fixture
def song(tmp_path: Path) -> Path:
    path = tmp_path / "a song {x} <y>.wav"
    path.write_bytes(b"first" * 1000)
    return path


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    return tmp_path / "results" / "contents.jsonl"


def read(song: Path, notes: Path) -> str:
    """What a file is known by, when a job has read it."""
    contents = Contents(notes)
    return contents.note(str(song), contents.of(str(song)))


def date(path: Path, seconds: float) -> None:
    os.utime(path, (seconds, seconds))


def test_a_new_file_is_not_read_and_nothing_is_written(song: Path, notes: Path) -> None:
    with song.open("r+b") as file:
        file.truncate(1 << 42)  # 4 TB, of which nothing is on the disk
    assert Contents(notes).of(str(song)) == Contents(notes).of(str(song)) != UNKNOWN
    assert not notes.exists()


@pytest.mark.parametrize("seconds", [0, 978_307_200, 4_102_444_800], ids=["1970", "2001", "2100"])
def test_another_date_alone_changes_nothing(song: Path, notes: Path, seconds: float) -> None:
    known_by = read(song, notes)
    date(song, seconds)
    assert Contents(notes).of(str(song)) == known_by
    lines = notes.read_text().count("\n")
    assert Contents(notes).of(str(song)) == known_by
    assert notes.read_text().count("\n") == lines  # it is not hashed again


@pytest.mark.parametrize("seconds", [None, 0, 4_102_444_800], ids=["now", "older", "in the future"])
@pytest.mark.parametrize("content", [b"other" * 1000, b"longer" * 1000])
def test_other_content_is_another_file(song: Path, notes: Path, content: bytes, seconds: float | None) -> None:
    known_by = read(song, notes)
    song.write_bytes(content)
    if seconds is not None:
        date(song, seconds)
    changed = Contents(notes).of(str(song))
    assert changed != known_by
    assert Contents(notes).of(str(song)) == changed
    assert read(song, notes) == changed


def test_a_change_in_the_middle_is_seen(song: Path, notes: Path) -> None:
    known_by = read(song, notes)
    with song.open("r+b") as file:
        file.seek(2500)
        file.write(b"!")
    date(song, 1)
    assert Contents(notes).of(str(song)) != known_by


def test_a_file_that_is_gone_stays_what_it_was(song: Path, notes: Path) -> None:
    known_by = read(song, notes)
    content = song.read_bytes()
    song.unlink()
    assert Contents(notes).of(str(song)) == known_by
    song.write_bytes(content)
    date(song, 5)
    assert Contents(notes).of(str(song)) == known_by


@pytest.mark.parametrize("name", ["missing.wav", "x" * 5000, "a\0b", "."])
def test_what_is_no_file_is_unknown(tmp_path: Path, notes: Path, name: str) -> None:
    assert Contents(notes).of(str(tmp_path / name) if name == "missing.wav" else name) == UNKNOWN


def test_a_pipe_is_not_read(tmp_path: Path, notes: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert Contents(notes).of(str(tmp_path / "pipe")) == UNKNOWN


def test_a_file_that_nobody_may_read_stays_what_it_was(
    song: Path, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known_by = read(song, notes)
    song.write_bytes(b"others")
    # Root may read everything.
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.R_OK)
    assert Contents(notes).of(str(song)) == known_by
    notes.unlink()
    assert Contents(notes).of(str(song)) == UNKNOWN


def test_weights_are_noted_at_once(song: Path, notes: Path) -> None:
    known_by = Contents(notes).of_weights(str(song))
    date(song, 7)
    assert Contents(notes).of_weights(str(song)) == known_by
    assert Contents(notes).of_weights("missing.pth") == UNKNOWN


def test_a_dry_run_adds_nothing(song: Path, notes: Path) -> None:
    known_by = read(song, notes)
    before = notes.read_bytes()
    date(song, 7)
    assert Contents(notes, adds=False).of(str(song)) == known_by
    song.write_bytes(b"other" * 1000)
    changed = Contents(notes, adds=False).of(str(song))
    assert changed == Contents(notes, adds=False).of_weights(str(song)) != known_by
    assert notes.read_bytes() == before
    assert Contents(notes).of(str(song)) == changed


def test_broken_lines_and_lines_of_other_processes_do_no_harm(song: Path, notes: Path) -> None:
    known_by = read(song, notes)
    with notes.open("a") as file:
        file.write('{"path": "half a li\n[1]\nnull\n{}\n')
    assert Contents(notes).of(str(song)) == known_by
    threads = [threading.Thread(target=read, args=(song, notes)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Contents(notes).of(str(song)) == known_by
    assert notes.read_text().count(known_by) == 9


def test_a_job_notes_what_it_has_read_once(song: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    known_by = Contents().of(song.name)
    for _ in range(2):
        note_content(song.name, known_by)
    note_content("gone.wav", "5 bytes of 5")
    note_content("results/datasets/x.wav", None)
    assert Path("results/contents.jsonl").read_text().count("\n") == 1
    assert stat.S_ISREG(Path("results/contents.jsonl").stat().st_mode)
