"""What a folder of music holds: audio under any name, also behind links; the rest is told."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ordinary_user import without_rights
from stemsteer.errors import UserError
from stemsteer.settings.folders import HIDDEN, NO_FILE, NO_TEXT, NOT_FOLLOWED, NOWHERE
from stemsteer.settings.listing import MADE, NO_AUDIO, listed, name_in, named, songs_in
from stemsteer.settings.tracks import find_corpus
from stemsteer.sound.recognised import audio_among

FORMATS = {
    "m4b": "ipod",
    "mp2": "mp2",
    "ac3": "ac3",
    "caf": "caf",
    "au": "au",
    "tta": "tta",
    "3gp": "3gp",
    "flv": "flv",
    "ts": "mpegts",
    "wmv": "asf",
    "mp3": "mp3",
    "ogg": "ogg",
    "flac": "flac",
    "aiff": "aiff",
    "mka": "matroska",
}
"""Suffixes with ffmpeg's names of the formats."""


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a song in each format."""
    folder = tmp_path_factory.mktemp("songs")
    tone = ["-f", "lavfi", "-i", "sine=duration=0.2:sample_rate=44100"]
    for suffix, format in FORMATS.items():
        codec = ["-c:a", "aac"] if suffix in ("3gp", "flv") else []
        command = ["ffmpeg", "-nostdin", "-v", "error", *tone, *codec, "-f", format, folder / f"song.{suffix}"]
        subprocess.run(command, check=True)
    return folder


def inside(folder: Path, paths: list[Path]) -> list[str]:
    return [str(path.relative_to(folder)) for path in paths]


def test_every_format_is_found(songs: Path) -> None:
    found = listed(songs)
    assert inside(songs, found.files) == sorted(f"song.{suffix}" for suffix in FORMATS)
    assert found.notes() == []


@pytest.mark.parametrize("name", ["song", "song.", "song.x", "song.part", "1. Allegro"])
def test_audio_is_found_under_any_name(songs: Path, tmp_path: Path, name: str) -> None:
    for suffix in FORMATS:
        folder = tmp_path / suffix
        folder.mkdir()
        (folder / name).write_bytes((songs / f"song.{suffix}").read_bytes())
    found = listed(tmp_path)
    assert len(found.files) == len(FORMATS)
    assert name_in(tmp_path, found.files[0]) == f"3gp - {name}"


def test_what_is_no_audio_is_told(songs: Path, tmp_path: Path) -> None:
    (tmp_path / "cover.jpg").touch()
    (tmp_path / "code.ts").write_text("const x: number = 1;\n" * 1000 + "é")
    (tmp_path / "noise.dat").write_bytes(os.urandom(5000))
    (tmp_path / "playlist").write_text(f"#EXTM3U\n{songs / 'song.mp3'}\n")
    (tmp_path / "empty").touch()
    (tmp_path / "song.mp3").touch()  # a song by its name: its own job tells what is wrong with it
    found = listed(tmp_path)
    assert inside(tmp_path, found.files) == ["song.mp3"]
    assert inside(tmp_path, found.passed_over[NO_AUDIO]) == ["code.ts", "cover.jpg", "empty", "noise.dat", "playlist"]
    assert found.notes() == [
        f"passed over in {str(tmp_path)!r}: 5 without audio ('code.ts', 'cover.jpg', 'empty', ...)"
    ]


def test_links_are_followed_once(songs: Path, tmp_path: Path) -> None:
    (tmp_path / "album/deep").mkdir(parents=True)
    (tmp_path / "album/one.wav").touch()
    links = {
        "a linked album": songs,
        "again": songs,
        "a loop": tmp_path,
        "album/deep/loop": tmp_path / "album",
        "above": tmp_path.parent,
        "the root": Path("/"),
        "same.wav": tmp_path / "album/one.wav",
        "other.mp3": songs / "song.mp3",
        "gone.wav": tmp_path / "nowhere.wav",
        "circle": tmp_path / "circle",
    }
    for name, target in links.items():
        (tmp_path / name).symlink_to(target)
    found = listed(tmp_path)
    in_album = {f"a linked album/song.{suffix}" for suffix in FORMATS}
    assert {*inside(tmp_path, found.files)} | {"other.mp3"} == {"album/one.wav", "other.mp3"} | in_album
    again = {"again", "a loop", "album/deep/loop", "above", "the root", "same.wav"}
    assert again <= {*inside(tmp_path, found.passed_over[NOT_FOLLOWED])}
    assert {*inside(tmp_path, found.passed_over[NOWHERE])} == {"gone.wav", "circle"}
    assert len(found.files) == 1 + len(FORMATS)


def test_hidden_and_strange_things_are_told(tmp_path: Path) -> None:
    for name in ("song.wav", "._song.wav", ".trash/song.wav"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    os.mkfifo(tmp_path / "pipe.wav")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.wav")).touch()
    found = listed(tmp_path)
    assert inside(tmp_path, found.files) == ["song.wav"]
    assert inside(tmp_path, found.passed_over[HIDDEN]) == ["._song.wav", ".trash"]
    assert inside(tmp_path, found.passed_over[NO_FILE]) == ["pipe.wav"]
    assert len(found.passed_over[NO_TEXT]) == 1
    (note,) = found.notes()
    assert "1 with a name that is not in UTF-8 ('caf\\udce9.wav')" in note
    note.encode()


LISTING = """
import sys
from pathlib import Path
from stemsteer.settings.tracks import find_corpus

print(*find_corpus(sys.argv[1], ["drums"]).notes)
"""


def test_what_may_not_be_read_is_told(songs: Path, tmp_path: Path) -> None:
    for name in ("song.mp3", "no right/song.mp3", "song", "unreadable.mp3"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((songs / "song.mp3").read_bytes())
    (tmp_path / "link").symlink_to(tmp_path / "no right/song.mp3")
    for name in ("no right", "song", "unreadable.mp3"):
        (tmp_path / name).chmod(0)
    command = [*without_rights(), sys.executable, "-c", LISTING]
    told = [
        subprocess.run([*command, place], capture_output=True, text=True)
        for place in (tmp_path, tmp_path / "no right", tmp_path / "song", tmp_path / "no right/tracks.tsv")
    ]
    # The third file is a song by its name, and its own job tells that it may not be read.
    assert told[0].stdout == (
        f"passed over in {str(tmp_path)!r}: 3 that may not be read ('link', 'no right', 'song')\n"
    )
    assert told[1].stderr.endswith("may not be read; check its permissions\n")
    assert told[2].stderr.endswith("cannot be read (Permission denied); check its permissions\n")
    assert "no table or folder" in told[3].stderr


def test_names_in_notes_are_harmless_and_short(tmp_path: Path) -> None:
    for name in ("\x1b[2Jgone.jpg", "two\nlines.jpg", f"{'x' * 200}.jpg"):
        (tmp_path / name).touch()
    (tmp_path / "song.wav").touch()
    (note,) = listed(tmp_path).notes()
    assert note.isprintable()
    assert "'\\x1b[2Jgone.jpg', 'two\\nlines.jpg', 'xxx" in note
    assert len(note) < len(str(tmp_path)) + 200


def test_what_a_workflow_has_made_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("song.wav", "results/runs/a/stems/song/drums.wav"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = listed(tmp_path)
    assert inside(tmp_path, found.files) == ["song.wav"]
    assert inside(tmp_path, found.passed_over[MADE]) == ["results/runs/a/stems/song/drums.wav"]


def test_a_folder_without_audio_says_what_is_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"holds no audio files \(it is empty\)"):
        songs_in(tmp_path)
    (tmp_path / "cover.jpg").touch()
    with pytest.raises(UserError, match=r"holds no audio files \(1 without audio \('cover.jpg'\)\)"):
        songs_in(tmp_path)


def test_an_answer_is_kept_as_long_as_the_file_is_the_same(songs: Path, tmp_path: Path) -> None:
    file, notes = tmp_path / "song", tmp_path / "answers.jsonl"
    file.write_bytes((songs / "song.mp3").read_bytes())
    os.utime(file, ns=(1, 123_456_789))
    assert audio_among([file], notes) == {file: True}
    file.write_bytes(b"\xff" * file.stat().st_size)
    os.utime(file, ns=(1, 123_456_789))
    assert audio_among([file], notes) == {file: True}
    os.utime(file, ns=(1, 123_456_790))
    assert audio_among([file], notes) == {file: False}
    assert notes.read_text().count("\n") == 2
    notes.write_text('half a l\n[1]\n{"path": 1}\n' + notes.read_text())
    assert audio_among([file], notes) == {file: False}


def test_nothing_is_noted_where_there_is_no_folder_for_it(songs: Path, tmp_path: Path) -> None:
    (tmp_path / "song").write_bytes((songs / "song.mp3").read_bytes())
    assert audio_among([tmp_path / "song"], tmp_path / "results/answers.jsonl") == {tmp_path / "song": True}
    assert not (tmp_path / "results").exists()


def test_thousands_of_files_are_listed_in_seconds(tmp_path: Path) -> None:
    """100,000 in under a minute."""
    noise = os.urandom(5000)
    for artist in range(100):
        folder = tmp_path / f"artist {artist}/album"
        folder.mkdir(parents=True)
        for number in range(90):
            (folder / f"{number}.mp3").touch()
        for number in range(10):
            (folder / f"{number}.unknown").write_bytes(noise)
    began = time.perf_counter()
    corpus = find_corpus(str(tmp_path), ["drums"])
    assert time.perf_counter() - began < 6
    assert len(corpus.tracks) == 9000


def test_thousands_of_like_names_are_told_apart_in_seconds() -> None:
    wanted = {Path(f"/{folder}/{name}"): name for folder in "ab" for name in map(str, range(20_000))}
    began = time.perf_counter()
    assert len(named(wanted)) == 40_000
    assert time.perf_counter() - began < 6
