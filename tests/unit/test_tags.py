"""Tags of music files of all kinds are read, and written into stems."""

import errno
import logging
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile
from mediafile import Image, ImageType, MediaFile

from stemsteer.files import write_json
from stemsteer.sound import audio
from stemsteer.sound.tags import Picture, Tags, tagging, write_tags
from tagged_music import ASKED, BACK, COVER, FIELDS, RATE, TAGS, drawing, noise, of_ffprobe, read, tagged
from workdir import decode, encode

# Reading

NOT_IN_RIFF = ("albumartist", "composers", "disc", "disctotal")
"""Its own list of tags has no names for these."""
VORBIS = ("-c:a", "vorbis", "-strict", "-2")


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("song.mp3", ()),
        ("old.mp3", ("-id3v2_version", "3")),
        ("song.m4a", ()),
        ("song.flac", ()),
        ("song.ogg", VORBIS),
        ("song.opus", ("-c:a", "libopus")),
        ("song.wma", ()),
        ("song.mkv", ("-c:a", "flac")),
        ("song.webm", ("-c:a", "libopus")),
    ],
)
def test_tags_of_all_formats_are_read(tmp_path: Path, name: str, options: tuple[str, ...]) -> None:
    assert read(tagged(tmp_path / name, *options)).fields == FIELDS


def test_riffs_own_tags_are_read(tmp_path: Path) -> None:
    expected = {name: value for name, value in FIELDS.items() if name not in NOT_IN_RIFF}
    assert read(tagged(tmp_path / "song.wav")).fields == expected


def test_a_file_without_tags_has_none(tmp_path: Path) -> None:
    for name in ("song.wav", "song.flac"):
        audio.write(tmp_path / name, noise(100), RATE, "PCM_16")
        assert read(tmp_path / name) == Tags()


@pytest.mark.parametrize(
    ("name", "options"), [("song.mp3", ()), ("song.m4a", ()), ("song.flac", ()), ("song.ogg", VORBIS)]
)
def test_covers_are_read_front_first(tmp_path: Path, name: str, options: tuple[str, ...]) -> None:
    file = MediaFile(tagged(tmp_path / name, *options))
    file.images = [Image(BACK, "bäck", ImageType.back), Image(COVER, "front", ImageType.front)]
    file.save()
    pictures = read(tmp_path / name).pictures
    # m4a files do not say what a picture is.
    assert [picture.data for picture in pictures] == ([BACK, COVER] if name == "song.m4a" else [COVER, BACK])
    if name != "song.m4a":
        assert [(picture.kind, picture.description) for picture in pictures] == [(3, "front"), (4, "bäck")]


def test_pictures_of_the_same_description_are_all_kept(tmp_path: Path) -> None:
    """ID3 takes those of one description for one picture."""
    file = MediaFile(tagged(tmp_path / "song.flac"))
    green = drawing("green")
    file.images = [Image(data, "", kind) for data, kind in ((BACK, 4), (COVER, 3), (green, 0))]
    file.save()
    tags = read(tmp_path / "song.flac")
    assert [picture.data for picture in tags.pictures] == [COVER, BACK, green]
    audio.write(tmp_path / "stem.wav", noise(10), RATE)
    write_tags(tmp_path / "stem.wav", tags, "stem")
    assert read(tmp_path / "stem.wav").pictures == tags.pictures


def test_what_identifies_or_measures_the_recording_is_no_stems(tmp_path: Path) -> None:
    file = MediaFile(tagged(tmp_path / "song.mp3"))
    file.update({"isrc": "XX", "mb_trackid": "1", "rg_track_gain": -7.5, "acoustid_id": "2", "lyrics": "la la"})
    file.save()
    assert read(tmp_path / "song.mp3").fields == FIELDS


# Writing


FILES = [("wav", "FLOAT"), ("wav", "PCM_24"), ("wav", "PCM_16"), ("flac", "PCM_24"), ("flac", "PCM_16")]


@pytest.mark.parametrize(("container", "subtype"), FILES)
@pytest.mark.parametrize(("samples", "channels"), [(1, 1), (999, 1), (20_000, 2)])
def test_tags_change_no_sample(tmp_path: Path, container: str, subtype: str, samples: int, channels: int) -> None:
    plain, path, again = (tmp_path / f"{name}.{container}" for name in ("plain", "tagged", "again"))
    signal = noise(samples, channels)
    audio.write(plain, signal, RATE, subtype)
    for file in (path, again):
        file.write_bytes(plain.read_bytes())
        write_tags(file, TAGS, "My söng (vocals)")
    for kind in ("float32", "int32"):
        before, after = (soundfile.read(file, dtype=kind)[0] for file in (plain, path))
        np.testing.assert_array_equal(after, before)
    np.testing.assert_array_equal(decode(path, channels), decode(plain, channels))
    assert soundfile.info(path).subtype == soundfile.info(plain).subtype
    assert path.read_bytes() == again.read_bytes() != plain.read_bytes()
    assert read(path) == Tags(fields={**TAGS.fields, "title": "My söng (vocals)"}, pictures=TAGS.pictures)
    found = of_ffprobe(path)
    wanted = {**ASKED, "title": "My söng (vocals)", "pictures": "2"}
    # Of several genres in ID3 it gives the first one, and totals in flac have names of their own.
    for name, separator in (("genre", ";"), ("track", "/"), ("disc", "/")):
        found[name], wanted[name] = (tags[name].partition(separator)[0] for tags in (found, wanted))
    assert {name: found.get(name) for name in wanted} == wanted


def test_the_sizes_in_a_wav_file_are_right(tmp_path: Path) -> None:
    """The samples of this one end at an odd byte."""
    audio.write(tmp_path / "odd.wav", noise(333), RATE, "PCM_24")
    write_tags(tmp_path / "odd.wav", TAGS, "odd")
    content = (tmp_path / "odd.wav").read_bytes()
    assert int.from_bytes(content[4:8], "little") + 8 == len(content)
    start = 12
    names = []
    while start < len(content):
        names.append(content[start : start + 4])
        start += 8 + int.from_bytes(content[start + 4 : start + 8], "little")
        start += start % 2
    assert start == len(content)
    assert names[0] == b"fmt "
    assert names[-2:] == [b"data", b"id3 "]


def test_an_mp3_file_can_be_tagged_too(tmp_path: Path) -> None:
    path = tmp_path / "stem.mp3"
    encode(path, noise(RATE, 2), RATE)
    before = decode(path, 2)
    write_tags(path, TAGS, "My söng (vocals)")
    np.testing.assert_array_equal(decode(path, 2), before)
    assert read(path).fields == {**TAGS.fields, "title": "My söng (vocals)"}
    assert of_ffprobe(path)["title"] == "My söng (vocals)"


def test_a_file_that_cannot_have_tags_stays_as_it_is(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "large.wav"
    soundfile.write(path, noise(100), RATE, "FLOAT", format="RF64")
    before = path.read_bytes()
    with caplog.at_level(logging.INFO):
        write_tags(path, TAGS, "My song (vocals)")
    assert path.read_bytes() == before
    (line,) = caplog.messages
    assert line.startswith("'My song (vocals)' stays without tags: ")


@contextmanager
def limited_files(size: int) -> Iterator[None]:
    """No file may be larger (bytes)."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("container", ["wav", "flac"])
def test_without_room_for_the_tags_there_is_no_file(tmp_path: Path, container: str) -> None:
    large = Picture(data=COVER + bytes(200_000), kind=3, description="")
    write_json(tmp_path / "tags.json", Tags(pictures=[large]).model_dump(mode="json"))
    finish = tagging(tmp_path / "tags.json", "song", "vocals")
    shape = (RATE, 1, "PCM_16", 1000)
    with (
        pytest.raises(OSError, match=os.strerror(errno.EFBIG)),
        limited_files(100_000),
        audio.writing(tmp_path / f"stem.{container}", *shape, finish=finish) as writer,
    ):
        writer.write(noise(1000))
    assert [path.name for path in tmp_path.iterdir()] == ["tags.json"]
