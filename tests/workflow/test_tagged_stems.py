"""Stems have the tags of their track: those of a tagged mp3 file, or its name alone."""

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mediafile import Image, ImageType, MediaFile

from stemsteer.names import slug
from tagged_music import COVER
from workdir import Ended, Workdir, encode, music

RATE = 16000
SONG, UNTAGGED = "01 ride", "My take"
FIELDS = {
    "title": "Ride",
    "artist": "Ündermind & Cö",
    "album": "Journeys",
    "albumartist": "Various",
    "genre": "Jazz",
    "track": 1,
    "tracktotal": 9,
    "year": 2009,
    "month": 5,
}
FLAC: dict[str, Any] = {"stems": {"container": "flac", "encoding": "int16"}}


@pytest.fixture(scope="module")
def workdir(tmp_path_factory: pytest.TempPathFactory) -> Workdir:
    workdir = Workdir(tmp_path_factory.mktemp("tags"))
    folder = workdir.folder / "music"
    folder.mkdir()
    for name in (f"{SONG}.mp3", f"{UNTAGGED}.wav"):
        encode(folder / name, music(0.5, RATE, 2), RATE)
    file = MediaFile(folder / f"{SONG}.mp3")
    file.update(FIELDS)
    file.images = [Image(COVER, "cover", ImageType.front)]
    file.save()
    return workdir


@pytest.fixture(scope="module")
def as_wav(workdir: Workdir) -> Ended:
    return workdir.snakemake(tracks="music")


@pytest.fixture(scope="module")
def as_flac(workdir: Workdir, as_wav: Ended) -> Ended:
    return workdir.snakemake(tracks="music", **FLAC)


def stem_of(workdir: Workdir, track: str, suffix: str) -> Path:
    return workdir.folder / "results/runs/quick/stems" / slug(track) / f"guitar{suffix}"


def of_ffprobe(path: Path) -> tuple[dict[str, str], list[str]]:
    """A file's tags by lower-case names, and its streams."""
    command = ["ffprobe", "-v", "error", "-show_streams", "-show_format", "-of", "json", path]
    found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    tags = {name.lower(): text for name, text in found["format"]["tags"].items()}
    return tags, [stream["codec_name"] for stream in found["streams"]]


@pytest.mark.parametrize("container", ["wav", "flac"])
@pytest.mark.parametrize(("part", "title"), [("", "Ride (guitar)"), (".other", "Ride (without guitar)")])
def test_the_tags_of_a_song_are_its_stems(
    workdir: Workdir, request: pytest.FixtureRequest, container: str, part: str, title: str
) -> None:
    ended = request.getfixturevalue(f"as_{container}")
    assert ended.status == 0, ended.output
    path = stem_of(workdir, SONG, f"{part}.{container}")
    file = MediaFile(path)
    assert {name: getattr(file, name) for name in FIELDS} == {**FIELDS, "title": title}
    (image,) = file.images
    assert (image.data, image.type, image.desc) == (COVER, ImageType.front, "cover")
    tags, streams = of_ffprobe(path)
    names = {"title": title, "artist": FIELDS["artist"], "album": "Journeys", "album_artist": "Various"}
    assert {name: tags[name] for name in names} == names
    assert (tags["genre"], tags["date"]) == ("Jazz", "2009-05")
    assert streams == ["flac" if container == "flac" else "pcm_f32le", "mjpeg"]


def test_a_song_without_tags_gives_its_name(workdir: Workdir, as_wav: Ended) -> None:
    tags, streams = of_ffprobe(stem_of(workdir, UNTAGGED, ".wav"))
    assert tags == {"title": "My take (guitar)"}
    assert streams == ["pcm_f32le"]


def test_stem_and_other_part_are_the_mixture_still(workdir: Workdir, as_wav: Ended) -> None:
    mixture, _ = workdir.audio(f"results/audio/{slug(SONG)}/mixture.wav")
    stem, other = (workdir.audio(f"{stem_of(workdir, SONG, suffix)}")[0] for suffix in (".wav", ".other.wav"))
    np.testing.assert_allclose(stem + other, mixture, rtol=0, atol=1e-6)
    assert np.abs(stem).max() > 0.01


def test_other_tags_make_stems_again(workdir: Workdir, as_flac: Ended) -> None:
    """The stems of the other song stay."""
    kept = stem_of(workdir, UNTAGGED, ".flac").stat().st_ino
    file = MediaFile(workdir.folder / "music" / f"{SONG}.mp3")
    file.title = "Riding"
    file.save()
    ended = workdir.snakemake(tracks="music", **FLAC)
    assert ended.status == 0, ended.output
    assert ended.jobs["stem"] == ended.jobs["decode"] == 1
    assert MediaFile(stem_of(workdir, SONG, ".flac")).title == "Riding (guitar)"
    assert stem_of(workdir, UNTAGGED, ".flac").stat().st_ino == kept
