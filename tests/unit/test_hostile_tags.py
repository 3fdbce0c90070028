"""Tags that are broken, or made to break what reads them."""

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mediafile import Image, ImageType, MediaFile
from mutagen.id3 import APIC, ID3, TRCK

from stemsteer.names import one_line
from stemsteer.sound import audio
from stemsteer.sound.probing import LONGEST_TAG, probe
from stemsteer.sound.tags import PICTURE_BYTES, Picture, Tags, read_tags, write_tags
from tagged_music import BACK, COVER, RATE, noise, read, tagged
from workdir import encode


def test_long_texts_are_cut_and_made_one_line(tmp_path: Path) -> None:
    file = MediaFile(tagged(tmp_path / "song.flac"))
    million = "x" * 1_000_000
    file.update(
        {"artist": million, "album": "a\nb\x1b[31m\u2028c", "genres": ["", "\x07", "y"] * 99, "title": " \r\n "}
    )
    file.save()
    fields = read(tmp_path / "song.flac").fields
    assert fields["artist"] == million[:LONGEST_TAG]
    assert fields["album"] == "a b [31m c"
    assert fields["genres"] == ["y"] * 6
    assert "title" not in fields
    assert max(map(len, probe(str(tmp_path / "song.flac")).tags.values())) == LONGEST_TAG


@pytest.mark.parametrize("text", ["0", "-3", "99999", "9" * 5000, "three", "", "/", "\u0663/x"])
def test_nonsense_for_a_number_is_left_out(tmp_path: Path, text: str) -> None:
    encode(tmp_path / "song.mp3", noise(RATE), RATE)
    tags = ID3()
    tags.add(TRCK(encoding=3, text=[text]))
    tags.save(tmp_path / "song.mp3")
    assert set(read(tmp_path / "song.mp3").fields) <= {"track"}
    assert read(tmp_path / "song.mp3").fields.get("track", 3) == 3


def test_texts_in_wrong_encodings_break_nothing(tmp_path: Path) -> None:
    """Latin-1 that is said to be UTF-8, UTF-16 of an odd length, an unknown encoding, a frame longer than its tag."""
    frames = [(b"TIT2", b"\x03caf\xe9"), (b"TPE1", b"\x01\xff\xfea"), (b"TALB", b"\x09what"), (b"TCON", b"\x00Jazz")]
    body = b"".join(name + len(text).to_bytes(4, "big") + bytes(2) + text for name, text in frames)
    body += b"TCOM" + (0x7F000000).to_bytes(4, "big") + bytes(2) + b"\x00cut off"
    encode(tmp_path / "plain.mp3", noise(RATE), RATE, ("-id3v2_version", "0", "-write_id3v1", "0"))
    header = b"ID3\x03\x00\x00" + bytes([0, 0, len(body) >> 7, len(body) & 127])
    (tmp_path / "song.mp3").write_bytes(header + body + (tmp_path / "plain.mp3").read_bytes())
    fields = read(tmp_path / "song.mp3").fields
    assert fields["genres"] == ["Jazz"]
    assert set(fields) <= {"genres", "title", "artist", "album", "composers"}
    audio.write(tmp_path / "stem.wav", noise(100), RATE)
    write_tags(tmp_path / "stem.wav", Tags(fields=fields), "vocals")
    assert read(tmp_path / "stem.wav").fields == {**fields, "title": "vocals"}


def test_what_is_no_picture_or_too_large_is_left_out_with_a_warning(tmp_path: Path) -> None:
    path = tagged(tmp_path / "song.mp3")
    file = ID3(path)
    contents = {
        "large": COVER + bytes(PICTURE_BYTES),
        "text": b"no picture",
        "nothing": b"",
        "good": COVER,
        "two": BACK,
    }
    for name, data in contents.items():
        file.add(APIC(encoding=3, mime="image/jpeg", type=3, desc=name, data=data))
    file.save(path)
    tags, warnings = read_tags(path, {})
    assert [picture.data for picture in tags.pictures] == [COVER, BACK]
    assert warnings == [
        f"3 of the 5 pictures in the tags of {path!r} are not copied to its stems: no image format is known for them, "
        "or all together are larger than 4 MB"
    ]


@pytest.mark.parametrize("name", ["song.mp3", "song.m4a", "song.flac", "song.opus", "song.wma", "song.wav"])
def test_broken_bytes_break_nothing(tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture) -> None:
    """Bytes of tags are replaced and files are cut, at random; what is found can always be written."""
    path = Path(tagged(tmp_path / name))
    if name != "song.wma":
        file = MediaFile(path)
        file.images = [Image(COVER, "front", ImageType.front)]
        file.save()
    content, found = path.read_bytes(), probe(str(path)).tags
    audio.write(tmp_path / "plain.flac", noise(10), RATE, "PCM_16")
    plain, chance = (tmp_path / "plain.flac").read_bytes(), random.Random(0)
    for _ in range(150):
        broken = bytearray(content[: chance.randrange(len(content)) if chance.random() < 0.2 else None])
        for _ in range(chance.choice([1, 5, 30])):
            broken[chance.randrange(min(2500, len(broken))) if broken else slice(0)] = chance.choice([0, 128, 255])
        path.write_bytes(broken)
        tags, _ = read_tags(str(path), found)
        assert tags.fields.keys() >= {"title", "artist"}
        (tmp_path / "stem.flac").write_bytes(plain)
        write_tags(tmp_path / "stem.flac", tags, "stem")
        assert len(audio.read(tmp_path / "stem.flac")[0]) == 10
    assert caplog.messages == []


TEXTS = st.text(st.characters() | st.sampled_from("\0\n\r\x1b\x85\u2028\ufeff\ufffe\ud800;/\\()"), max_size=40)


@given(TEXTS, TEXTS, st.lists(TEXTS, max_size=4), TEXTS)
@settings(max_examples=40)
def test_texts_survive_in_both_formats(
    tmp_path_factory: pytest.TempPathFactory, title: str, artist: str, composers: list[str], description: str
) -> None:
    folder = tmp_path_factory.mktemp("texts")
    lines = {"artist": one_line(artist), "composers": list(filter(None, map(one_line, composers)))}
    fields = {name: value for name, value in lines.items() if value}
    pictures = [Picture(data=COVER, kind=3, description=one_line(description))]
    titled = {"title": one_line(title)} if one_line(title) else {}
    for name in ("stem.wav", "stem.flac"):
        audio.write(folder / name, noise(10), RATE, "PCM_16")
        write_tags(folder / name, Tags(fields=fields, pictures=pictures), title)
        assert read_tags(str(folder / name), {}) == (Tags(fields={**fields, **titled}, pictures=pictures), [])
        assert len(audio.read(folder / name)[0]) == 10
