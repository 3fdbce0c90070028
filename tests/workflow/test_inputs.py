"""Music of every kind goes through the whole workflow and comes out at its own rate, channels and length."""

import html
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from stemsteer.names import slug
from workdir import Ended, Workdir, decode, encode, music

VIDEO = ("-f", "lavfi", "-i", "testsrc=size=64x64:rate=10:duration=1", "-map", "1:v", "-map", "0:a", "-c:v", "mpeg4")


@dataclass(frozen=True)
class Song:
    """A file that must work, the track that it becomes, and how it is made."""

    file: str
    track: str
    rate: int
    channels: int
    options: tuple[str, ...] = ()
    seconds: float = 1.0
    gain: float = 1.0


SONGS = [
    Song("short at 8 kHz.wav", "short at 8 kHz", 8000, 1, ("-c:a", "pcm_s16le"), seconds=0.2),
    Song("-a dash, 96 kHz, 24 bits.flac", "-a dash, 96 kHz, 24 bits", 96000, 2, ("-sample_fmt", "s32")),
    Song('it\'s "loud".wav', 'it\'s "loud"', 44100, 1, ("-c:a", "pcm_f32le"), gain=6.0),
    Song("5.1/100% {surround}.mp4", "5.1 - 100% {surround}", 48000, 6, (*VIDEO, "-c:a", "aac")),
    Song("stéréo ♪ 日本.mp3", "stéréo ♪ 日本", 44100, 2),
    Song("$HOME `date`.m4a", "$HOME `date`", 32000, 2, gain=0.0),
    Song("[0-9]! & a.b.ogg", "[0-9]! & a.b", 44100, 2, ("-c:a", "vorbis", "-strict", "-2")),
    Song("#1 = c;d|e.opus", "#1 = c;d|e", 48000, 1, ("-c:a", "libopus")),
    *(
        Song(f"{name}.wav", name, 16000, 1, seconds=0.2)
        for name in (
            *("<unknown> - Track 01", "Best of <results>", "?" * 22, "Intro - - - - ...", "*\U0001f3b5*"),
            *("{} {{x}} {a b} {a[0]!r} {x,} \\ #'", "a" * 22),
            *("same in upper case", "Same in Upper Case", "caf\u00e9", "cafe\u0301", "l" * 246),
        )
    ),
    Song("two\nlines.wav", "two lines", 16000, 1, seconds=0.2),
]


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workdir, Ended]:
    """A folder of songs, separated."""
    workdir = Workdir(tmp_path_factory.mktemp("songs"))
    for song in SONGS:
        path = workdir.folder / "my songs" / song.file
        path.parent.mkdir(parents=True, exist_ok=True)
        encode(path, song.gain * music(song.seconds, song.rate, song.channels), song.rate, song.options)
    for name in ("cover.jpg", "._hidden.mp3"):
        (workdir.folder / "my songs" / name).touch()
    return workdir, workdir.snakemake(tracks="my songs")


def test_the_run_succeeds(songs: tuple[Workdir, Ended]) -> None:
    _, ended = songs
    assert ended.status == 0, ended.output
    assert ended.jobs["steer"] == len(SONGS)


@pytest.mark.parametrize("song", SONGS, ids=lambda song: song.file)
def test_stem_and_other_part_add_up_to_the_file(songs: tuple[Workdir, Ended], song: Song) -> None:
    workdir, _ = songs
    file = decode(workdir.folder / "my songs" / song.file, song.channels)
    stem, rate = workdir.audio(f"results/runs/quick/stems/{slug(song.track)}/guitar.wav")
    other, _ = workdir.audio(f"results/runs/quick/stems/{slug(song.track)}/guitar.other.wav")
    assert rate == song.rate
    assert stem.shape == other.shape == file.shape
    assert abs(len(stem) / rate - song.seconds) < 0.06  # the padding of lossy encoders
    np.testing.assert_allclose(stem + other, file, rtol=0, atol=1e-6 * max(1, np.abs(file).max()))
    if song.gain:
        assert 0.05 < np.square(stem).sum() / np.square(file).sum() <= 1


@pytest.mark.parametrize("song", SONGS, ids=lambda song: song.file)
def test_everything_is_recorded(songs: tuple[Workdir, Ended], song: Song) -> None:
    workdir, _ = songs
    record = workdir.json(f"results/runs/quick/stems/{slug(song.track)}/guitar.json")
    assert (record["run"], record["track"], record["source"]) == ("quick", song.track, "guitar")
    assert (record["stem_is"], record["encoding"]) == ("masked", "float32")
    assert record["clipped_samples"] == record["clipped_samples_other"] == 0
    assert record["mixture"]["path"] == str(Path("my songs") / song.file)
    assert (record["mixture"]["sample_rate"], record["mixture"]["channels"]) == (song.rate, song.channels)
    assert record["mixture"]["silent"] == (song.gain == 0)
    ascent = record["ascent"]
    assert ascent["settings"]["steering"]["steps"] == 1
    assert len(ascent["generator_sha256"]) == len(ascent["taggers"]["MTT_vgg"]["sha256"]) == 64
    assert ascent["device"]
    for chunk in ascent["chunks"]:
        assert np.isfinite([chunk["loss_before"], chunk["loss_after"], chunk["target_probability_after"]]).all()
    assert len(ascent["chunks"]) == (song.gain > 0)
    assert {"python", "torch", "snakemake"} <= record["versions"].keys()


def test_logs_begin_with_the_true_names(songs: tuple[Workdir, Ended]) -> None:
    workdir, _ = songs
    for song in SONGS:
        track = f"track {song.track!r}"
        of_stem = f"run 'quick', {track}, source 'guitar'"
        logs = {"decode": track, "codes/embedded": track, "steer/quick": of_stem, "stem/quick": of_stem}
        for folder, line in logs.items():
            file = f"{slug(song.track)}/guitar.log" if line == of_stem else f"{slug(song.track)}.log"
            assert workdir.text(f"logs/{folder}/{file}").startswith(f"{line}\n")


def test_silence_gives_silence_and_a_warning(songs: tuple[Workdir, Ended]) -> None:
    workdir, ended = songs
    (song,) = (song for song in SONGS if not song.gain)
    stem, _ = workdir.audio(f"results/runs/quick/stems/{slug(song.track)}/guitar.wav")
    assert not stem.any()
    warning = f"'my songs/{song.file}' is silent: its stems will be silent"
    assert workdir.json(f"results/audio/{slug(song.track)}/facts.json")["warnings"] == [warning]
    assert f"warning: {warning}" in workdir.text(f"logs/decode/{slug(song.track)}.log")
    assert warning in ended.output


def test_the_report_has_all_songs(songs: tuple[Workdir, Ended]) -> None:
    workdir, _ = songs
    page = workdir.text("results/report/index.html")
    assert "What is missing" not in page
    assert all(html.escape(song.track).replace("&#x27;", "&#39;").replace("&quot;", "&#34;") in page for song in SONGS)


def test_what_is_passed_over_is_told(songs: tuple[Workdir, Ended]) -> None:
    workdir, ended = songs
    note = "passed over in 'my songs': 1 hidden ('._hidden.mp3'); 1 without audio ('cover.jpg')"
    assert f"note: {note}\n" in ended.output
    assert f"Note: {html.escape(note).replace('&#x27;', '&#39;')}." in workdir.text("results/report/index.html")
    plan = workdir.snakemake("plan", "-q", "all", tracks="my songs")
    assert f"note        {note}\n" in plan.output


def test_a_folder_may_be_called_as_the_user_likes(tmp_path: Path) -> None:
    workdir = Workdir(tmp_path)
    folder = tmp_path / "my {new} <songs>"
    folder.mkdir()
    (folder / "song.wav").touch()
    ended = workdir.snakemake("benchmark", "--dry-run", tracks=folder.name)
    assert ended.status == 0, ended.output
    assert ended.jobs["steer"] == ended.jobs["paper"] == 1


def test_a_config_of_ones_own_stands_alone(songs: tuple[Workdir, Ended]) -> None:
    """Neither the demo's run nor its song is added."""
    workdir, _ = songs
    plan = workdir.json("results/plan.json")
    assert list(plan["runs"]) == ["quick"]
    assert sorted(track["track"] for track in plan["tracks"]) == sorted(song.track for song in SONGS)
