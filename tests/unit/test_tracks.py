"""Tracks from tables and folders, and the sentences for what is wrong with them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stemsteer.errors import UserError
from stemsteer.names import as_name, is_name
from stemsteer.settings.listing import named
from stemsteer.settings.tracks import Track, check_names, read_tracks


def table(folder: Path, text: str) -> str:
    path = folder / "tracks.tsv"
    path.write_text(text.replace("|", "\t"), encoding="utf-8")
    return str(path)


def test_a_table_is_read(tmp_path: Path) -> None:
    place = table(
        tmp_path,
        "track|mixture|start|duration|sources|reference_drums\n"
        "Don't \u00fcber – #1 100%|a b.wav|1.5|10|drums, vocals|d.wav\n"
        "-plain|b.flac||||\n",
    )
    first, second = read_tracks(place, ["piano"])
    assert first == Track("Don't \u00fcber – #1 100%", "a b.wav", ("drums", "vocals"), 1.5, 10.0, {"drums": "d.wav"})
    assert second == Track("-plain", "b.flac", ("piano",))


def test_a_table_may_choose_audio_streams(tmp_path: Path) -> None:
    place = table(tmp_path, "track|mixture|stream\na|a.mkv|2\nb|b.mkv|\n")
    assert [track.stream for track in read_tracks(place, ["drums"])] == [2, None]


@pytest.mark.parametrize("stream", ["0", "-1", "1.0", "first", "0x1", "1 2", "\u0661", "9" * 30])
def test_what_is_no_number_of_an_audio_stream(tmp_path: Path, stream: str) -> None:
    place = table(tmp_path, f"track|mixture|stream\na|a.mkv|{stream}\n")
    with pytest.raises(UserError, match=r"row 2: stream is '.*', which is not the number of an audio stream; write 1 "):
        read_tracks(place, ["drums"])


def test_a_table_from_a_spreadsheet_is_read(tmp_path: Path) -> None:
    """With a byte order mark, a carriage return at each end of line, and a tab too many."""
    path = tmp_path / "tracks.tsv"
    path.write_bytes("track\tmixture\r\nNA\t1.wav\t\r\n007\t2.wav\r\n".encode("utf-8-sig"))
    assert [track.track for track in read_tracks(str(path), ["drums"])] == ["NA", "007"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("track|mixtrue\na|a.wav\n", r"unknown column 'mixtrue' \(did you mean mixture\?\)"),
        ("track|mixture|reference_\na|a.wav|\n", "unknown column 'reference_'"),
        ("track,mixture\na,a.wav\n", "unknown column 'track,mixture'"),
        ("mixture\na.wav\n", "the column 'track' is missing"),
        ("track|mixture\n", "has no rows"),
        ("", "the column 'track' is missing"),
        ("track|mixture|mixture\na|a.wav|b.wav\n", "the column 'mixture' is there twice"),
        ("track|mixture\na|b|a.wav\n", "row 2: there are 3 cells for 2 columns"),
        ('track|mixture\n"a|a.wav\n', "cannot be read as a table of tab-separated values"),
        ("track|mixture\n\na|a.wav\n|\nb|\n", "row 5: the column mixture is empty"),
        (
            'track|mixture\n"a\nb"|a.wav\n',
            r"row 2: the name of the track 'a\\nb' is not one line of text; call it 'a b'",
        ),
        ("track|mixture\na\x07b|a.wav\n", r"row 2: the name of the track 'a\\x07b' is not one line of text"),
        ("track|mixture\n|a.wav\n", "row 2: the column track is empty"),
        ("track|mixture\na|\n", "row 2: the column mixture is empty"),
        ("track|mixture\na|a.wav\nb|b.wav\na|c.wav\n", "row 4: the track 'a' is there twice"),
        ("track|mixture|start\na|a.wav|soon\n", "row 2: start is 'soon', which is not a number of seconds"),
        ("track|mixture|duration\na|a.wav|-1\n", "row 2: duration is '-1'"),
        ("track|mixture|duration\na|a.wav|nan\n", "row 2: duration is 'nan'"),
        ("track|mixture|duration\na|a.wav|0\n", "row 2: duration must be more than 0 s"),
    ],
)
def test_a_mistake_is_told_with_its_row(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        read_tracks(table(tmp_path, text), ["drums"])


def test_a_table_in_another_encoding_is_told(tmp_path: Path) -> None:
    path = tmp_path / "tracks.tsv"
    path.write_bytes("track\tmixture\ncaf\u00e9\t1.wav\n".encode("latin-1"))
    with pytest.raises(UserError, match="UTF-8"):
        read_tracks(str(path), ["drums"])


def test_a_folder_is_read_with_its_subfolders(tmp_path: Path) -> None:
    (tmp_path / "album").mkdir()
    for name in ("b.wav", "a.MP3", "-x.flac", "album/one: two.ogg", "notes.txt", "cover.jpg"):
        (tmp_path / name).touch()
    tracks = read_tracks(str(tmp_path), ["drums"])
    assert [track.track for track in tracks] == ["-x", "a", "album - one: two", "b"]
    assert tracks[0].mixture == str(tmp_path / "-x.flac")


def test_two_files_of_one_name_are_two_tracks(tmp_path: Path) -> None:
    for name in ("a.wav", "a.mp3", "b.wav"):
        (tmp_path / name).touch()
    assert [track.track for track in read_tracks(str(tmp_path), ["drums"])] == ["a.mp3", "a.wav", "b"]


@pytest.mark.parametrize(
    ("files", "taken", "names"),
    [
        (["x/a.wav", "y/b.wav"], [], ["a", "b"]),
        (["x/a.wav", "y/a.flac"], [], ["a.wav", "a.flac"]),
        (["x/a.wav", "y/a.wav"], [], ["x - a", "y - a"]),
        (["x/a.wav", "y/x/a.wav"], [], ["a (1)", "a (2)"]),
        (["x/a.wav"], ["a"], ["a.wav"]),
        (["x/a.wav"], ["a", "a.wav", "x - a", "a (1)"], ["a (2)"]),
        # The longer name of one is the plain name of another, and they are in the same folder.
        (["x/a.wav", "x/a.mp3", "x/a.wav.flac"], [], ["a (1)", "a (2)", "a.wav"]),
    ],
)
def test_files_get_names_that_tell_them_apart(files: list[str], taken: list[str], names: list[str]) -> None:
    wanted = {Path("/music", file): Path(file).stem for file in files}
    assert named(wanted, taken) == dict(zip(names, wanted, strict=True))


def test_an_empty_folder_and_a_missing_table_are_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no audio files"):
        read_tracks(str(tmp_path), ["drums"])
    with pytest.raises(UserError, match="there is no table or folder"):
        read_tracks(str(tmp_path / "tracks.tsv"), ["drums"])


def test_an_unknown_source_is_told_with_the_nearest() -> None:
    with pytest.raises(UserError, match=r"track 'a': there is no source or tag 'vocal-s' \(did you mean vocals\?\)"):
        check_names([Track("a", "a.wav", ("vocal-s",))], {"vocals", "drums"})
    with pytest.raises(UserError, match=r"'drumz' \(did you mean drums\?\)"):
        check_names([Track("a", "a.wav", ("drums",), references={"drumz": "d.wav"})], {"vocals", "drums"})


@pytest.mark.parametrize(
    "name", ["../x", "a/b", ".hidden", "$(a), `b`", "{a}", "<unknown>", "?" * 22, "CON", "a" * 250]
)
def test_any_line_of_text_is_a_name(tmp_path: Path, name: str) -> None:
    (track,) = read_tracks(table(tmp_path, f"track|mixture\n{name}|a.wav\n"), ["drums"])
    assert track.track == name


@given(st.text(min_size=1))
def test_every_text_can_be_made_a_name(name: str) -> None:
    assert is_name(as_name(name))
    if is_name(name):
        assert as_name(name) == name
