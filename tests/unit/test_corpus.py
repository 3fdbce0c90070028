"""A corpus from wherever it is, and what a user should know of it."""

import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from stemsteer.command_line.main import main
from stemsteer.errors import UserError
from stemsteer.settings.config import load_config
from stemsteer.settings.plan import make_plan
from stemsteer.settings.tracks import find_corpus, read_tracks
from tagged_music import noise
from workdir import encode


def test_a_song_is_a_corpus_of_one(tmp_path: Path) -> None:
    for name in ("My song.mp3", "<unknown>.flac"):
        encode(tmp_path / name, noise(8000), 8000)
        (track,) = read_tracks(str(tmp_path / name), ["drums"])
        assert (track.track, track.mixture, track.sources) == (Path(name).stem, str(tmp_path / name), ("drums",))


def test_a_song_needs_no_suffix(tmp_path: Path) -> None:
    encode(tmp_path / "song.ogg", noise(8000), 8000)
    shutil.move(tmp_path / "song.ogg", tmp_path / "song no. 5")
    (track,) = read_tracks(str(tmp_path / "song no. 5"), ["drums"])
    assert track.track == "song no. 5"


def test_a_table_needs_no_suffix(tmp_path: Path) -> None:
    (tmp_path / "table").write_text("track\tmixture\na\ta.wav\n")
    assert [track.track for track in read_tracks(str(tmp_path / "table"), ["drums"])] == ["a"]


@pytest.mark.parametrize(
    ("rows", "number"),
    [
        (['"Heroes" (live)\tsong.wav'], 2),
        (["a\tsong.wav", 'b\t"song.wav" (1)'], 3),
        (["a\tsong.wav", "", '"b\tsong.wav', "c\tsong.wav"], 4),
        (['"two\nlines"\tsong.wav', '"c" d\tsong.wav'], 3),
    ],
)
def test_a_quote_in_a_table_is_told_with_its_row(tmp_path: Path, rows: list[str], number: int) -> None:
    table = tmp_path / "tracks.tsv"
    table.write_text("\n".join(["track\tmixture", *rows, ""]))
    with pytest.raises(UserError, match=rf'tracks.tsv, row {number}: .* write "Heroes" \(live\) as """Heroes""'):
        read_tracks(str(table), ["drums"])


def test_quotes_as_the_sentence_says_are_read(tmp_path: Path) -> None:
    table = tmp_path / "tracks.tsv"
    table.write_text('track\tmixture\n"""Heroes"" (live)"\tsong.wav\nThe "real" one\tsong.wav\n')
    assert [track.track for track in read_tracks(str(table), ["drums"])] == ['"Heroes" (live)', 'The "real" one']


def test_another_encoding_is_told_with_its_row(tmp_path: Path) -> None:
    table = tmp_path / "tracks.tsv"
    table.write_bytes("track\tmixture\nok\t1.wav\ncafé\t2.wav\n".encode("latin-1"))
    with pytest.raises(UserError, match=r"tracks.tsv, row 3: .* UTF-8"):
        read_tracks(str(table), ["drums"])


@pytest.mark.parametrize("place", ["missing", "x" * 5000, "~nobody/music"])
def test_a_place_that_is_none_is_told(place: str) -> None:
    with pytest.raises(UserError, match=f"no table or folder {place!r}, nor a song"):
        read_tracks(place, ["drums"])


def test_like_names_are_told_once(tmp_path: Path) -> None:
    for name in ("song.mp3", "song.wav", "other.wav", "b.mp3", "b.wav"):
        (tmp_path / name).touch()
    corpus = find_corpus(str(tmp_path), ["drums"])
    assert [track.track for track in corpus.tracks] == ["b.mp3", "b.wav", "other", "song.mp3", "song.wav"]
    assert corpus.notes == ("4 files are called like others; their tracks are 'b.mp3', 'b.wav', 'song.mp3', ...",)


def test_a_reference_that_nobody_asks_for_is_told(tmp_path: Path) -> None:
    table = tmp_path / "tracks.tsv"
    rows = ["track\tmixture\tsources\treference_drums\treference_vocals", "a\ta.wav\tvocals\td.wav\tv.wav"]
    table.write_text("\n".join([*rows, "b\tb.wav\tdrums\td.wav\t", "c\tc.wav\tvocals\td.wav\t", ""]))
    plan = make_plan(load_config({"tracks": str(table)}))
    assert plan.notes == [
        "a reference of 'drums' is of use only where that source is asked for, which it is not for 2 of the tracks "
        "with one ('a', 'c')"
    ]
    assert plan.as_dict()["notes"] == plan.notes


@pytest.mark.parametrize("value", [1999, 202301, True, ["live"], {"a": "b"}])
def test_a_name_that_yaml_takes_for_something_else_is_told(value: object) -> None:
    with pytest.raises(UserError, match=re.escape("""--config 'tracks= "..." '""")):
        load_config({"tracks": value})


def test_separate_tells_what_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a folder, and of what matches a pattern."""
    monkeypatch.chdir(tmp_path)
    for name in ("music/album/one.wav", "music/album/two.unknown", "music/cover.jpg", "music/.hidden.mp3"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    encode(tmp_path / "music/song.mp2", noise(8000), 8000)
    for place, told in (
        ("music", "1 hidden ('.hidden.mp3'); 2 without audio ('album/two.unknown', 'cover.jpg')"),
        ("music/*", "2 without audio ('album/two.unknown', 'cover.jpg')"),
    ):
        ended = CliRunner().invoke(main, ["separate", place, "-n"])
        assert ended.exit_code == 0, ended.output
        assert f"note        passed over in {str(tmp_path / 'music')!r}: {told}\n" in ended.output
        assert "tracks      2, " in ended.output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["music"]
