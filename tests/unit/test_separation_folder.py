"""Folders of separations: the table is read as it was written, and the config says what was asked for."""

import re
import tempfile
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from stemsteer.command_line.separation_folder import SeparationFolder, write_table
from stemsteer.command_line.wanted import Wanted
from stemsteer.errors import UserError
from stemsteer.names import is_name
from stemsteer.settings.config import load_config
from stemsteer.settings.presets import presets
from stemsteer.settings.tracks import Track, read_tracks

names = st.text(min_size=1).filter(is_name)
words = st.text("abc: -_", min_size=1).map(str.strip).filter(bool)
seconds = st.floats(0, 1e6, allow_subnormal=False)
rows = st.builds(
    Track,
    names,
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1).filter(
        lambda path: path == path.strip()
    ),
    st.lists(words, min_size=1, unique=True).map(tuple),
    seconds,
    st.none() | seconds.filter(bool),
    st.dictionaries(words, names, max_size=2),
    st.none() | st.integers(1, 9999),
)


@given(st.lists(rows, min_size=1, unique_by=lambda track: track.track))
@example([Track('"quoted"', "/a/b\n.wav", ("vocals",), 1234.5678901, 1e-5, {"drums": "a\tb"}, 2)])
@example([Track("-odd", "/a\r/b", ("a",)), Track("# no comment", "'", ("b", "c"), references={"a": "x"})])
def test_a_table_is_read_as_it_was_written(tracks: list[Track]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "tracks.tsv"
        write_table(table, tracks)
        assert read_tracks(str(table), []) == tracks


ALL_OPTIONS = [
    Wanted(),
    Wanted(sources=("vocals", "tag:classical")),
    Wanted(two_stems="drums", container="flac", encoding="int16"),
    Wanted(container="flac"),
    Wanted(container="mp3", clip="rescale"),
    Wanted(clip="clamp", encoding="int24", filename="{run}/{source} ({track}).{ext}", device="cpu"),
    *(Wanted(preset=preset) for preset in presets()),
]


@pytest.mark.parametrize("wanted", ALL_OPTIONS, ids=str)
def test_every_config_is_one_that_the_workflow_takes(wanted: Wanted, tmp_path: Path) -> None:
    tracks = [Track("song", "/song.wav", wanted.wanted_sources)]
    folder = SeparationFolder(tmp_path / "new")
    folder.refuse_other_settings(wanted.settings())
    folder.write(wanted.settings(), tracks)
    text = (folder.path / "config.yaml").read_text(encoding="utf-8")
    assert folder.settings() == yaml.safe_load(text) == wanted.settings()
    assert folder.tracks() == tracks
    config = load_config(wanted.settings())
    assert config.asked_sources == list(wanted.wanted_sources)
    assert config.export is not None
    # Stems in the format that people want are linked, not written once more.
    as_it_is = wanted.container != "mp3" and wanted.clip == "none"
    assert config.export.is_written_as(config.stems.container, config.stems.encoding) == as_it_is
    folder.refuse_other_settings(wanted.settings())


def test_any_two_of_them_are_other_settings(tmp_path: Path) -> None:
    # The sources are those of the tracks.
    others = [wanted for wanted in ALL_OPTIONS if wanted.sources is None]
    for number, wanted in enumerate(others):
        folder = SeparationFolder(tmp_path / str(number))
        folder.write(wanted.settings(), [Track("song", "/song.wav", ("vocals",))])
        for other in others:
            if other is not wanted:
                with pytest.raises(UserError, match="holds stems of other settings"):
                    folder.refuse_other_settings(other.settings())


def test_a_long_list_of_differences_is_cut(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("tracks: others.tsv\njudge: null\n")
    with pytest.raises(UserError) as told:
        SeparationFolder(tmp_path).refuse_other_settings(Wanted().settings())
    assert "tracks is 'others.tsv' there and 'tracks.tsv' now" in str(told.value)
    assert re.search(r"; and \d+ more\); choose another folder", str(told.value))


@pytest.mark.parametrize("text", ["", "tracks: [", "- a", "\xff"])
def test_a_config_that_is_none_is_told_and_not_replaced(tmp_path: Path, text: str) -> None:
    place = tmp_path / "config.yaml"
    place.write_text(text, encoding="latin-1")
    with pytest.raises(UserError, match=r"is not YAML|holds stems of other settings"):
        SeparationFolder(tmp_path).refuse_other_settings(Wanted().settings())
    assert place.read_text(encoding="latin-1") == text


@pytest.mark.parametrize(
    ("mixture", "is_lost"), [("there.wav", False), ("gone.wav", True), ("results/datasets/x.wav", False)]
)
def test_a_track_is_lost_with_its_file_unless_it_is_made_or_known_by_hand(
    tmp_path: Path, mixture: str, is_lost: bool
) -> None:
    (tmp_path / "there.wav").touch()
    folder = SeparationFolder(tmp_path)
    assert folder.has_lost(Track("song", mixture, ())) == is_lost
    assert not folder.has_lost(Track("song", mixture, (), references={"drums": "drums.wav"}))


def test_a_stream_that_a_row_names_is_another_song(tmp_path: Path) -> None:
    """The file is asked for as players play it."""
    song = tmp_path / "song.wav"
    song.touch()
    there = [Track("second stream", str(song), ("drums",), stream=2), Track("song", "song.wav", ("drums",))]
    corpus = Wanted(sources=("vocals",)).corpus([str(song)], there, tmp_path)
    assert [(track.track, track.sources) for track in corpus.tracks] == [
        ("second stream", ("drums",)),
        ("song", ("drums", "vocals")),
    ]


@pytest.mark.parametrize("name", ["song.wav ", "song.wav\n", "song\t"])
def test_a_name_that_a_table_cannot_hold_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    with pytest.raises(UserError, match="ends in a blank, which a table has not; rename it"):
        Wanted().corpus([str(tmp_path / name)], [], tmp_path)
