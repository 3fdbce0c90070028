"""Data sets in their published layouts become tables of tracks whose references are the right files and sums."""

import json
import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np
import pytest
import soundfile
import yaml

from invocation import stemsteer
from stemsteer.command_line.tracks import tracks as tracks_command
from stemsteer.datasets import DATASETS
from stemsteer.datasets.data_set import DataSet
from stemsteer.datasets.stems import Part, Stems
from stemsteer.settings.tracks import Track, check_names, read_tracks
from stemsteer.sound import audio
from stemsteer.sound.audio import Signal
from stemsteer.sound.decoding import decode
from stemsteer.sound.references import decode_reference
from stemsteer.taggers.vocabularies import sources
from workdir import encode

RATE = 44100
SAMPLES = RATE // 2


def noise(seed: int, channels: int = 2, samples: int = SAMPLES) -> Signal:
    """In steps of 16 bits, so that a flac file holds it as it is."""
    steps = np.random.default_rng(seed).integers(-3000, 3000, (samples, channels))
    return (steps / 32768).astype(np.float32)


def write(path: Path, signal: Signal, rate: int = RATE) -> Signal:
    path.parent.mkdir(parents=True, exist_ok=True)
    audio.write(path, signal, rate, "PCM_16" if path.suffix == ".flac" else "FLOAT")
    return signal


def table(*arguments: str | Path, output: str = "tracks.tsv") -> dict[str, Track]:
    """The tracks that the command finds, as the workflow reads them."""
    stemsteer("tracks", *map(str, arguments), "--output", output)
    tracks = read_tracks(output, [])
    check_names(tracks, set(sources()))
    return {track.track: track for track in tracks}


def heard(path: str) -> Signal:
    return audio.read(path)[0]


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_every_kind_is_read_and_described() -> None:
    assert all(isinstance(DATASETS[kind], DataSet) for kind in DATASETS)
    assert re.findall(r"^ +([\w-]+)  +[{<]", str(tracks_command.help), re.MULTILINE) == list(DATASETS)


def read_pair(folder: Path) -> Stems:
    return Stems(folder.name, [Part(folder / "all.wav")], {"drums": [Part(folder / "beat.wav")]})


PAIRS = DataSet("a toy", "*/all.wav", (), lambda place: sorted(place.iterdir()), read_pair)
"""A new data set: one file with this, and one line in the registry."""


def test_a_new_data_set_needs_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(DATASETS._places, "pairs", f"{__name__}:PAIRS")
    # The command has read the names when it was imported.
    monkeypatch.setattr(tracks_command.params[0], "type", click.Choice(list(DATASETS)))
    write(Path("toy/one/all.wav"), noise(1))
    write(Path("toy/one/beat.wav"), noise(2))
    assert table("pairs", "toy")["one"].references == {"drums": "toy/one/beat.wav"}


@pytest.fixture
def musdb18() -> Path:
    """The data set with one song in its test split."""
    import stempeg

    song = Path("musdb18/test/The Easton Ellises - Falcon 69.stem.mp4")
    song.parent.mkdir(parents=True)
    shutil.copy(stempeg.example_stem_path(), song)
    return Path("musdb18")


def test_musdb18_is_what_musdb_reads(musdb18: Path) -> None:
    """Its mixture is the file's own. Samples are musdb's, which rounds to 16 bits and clips what AAC overshoots."""
    import musdb

    (track,) = table("musdb18", musdb18, "--split", "test").values()
    (expected,) = musdb.DB(root=musdb18, subsets="test")
    assert track.track == expected.name
    assert set(track.references) == {"vocals", "drums", "bass"} == set(track.sources)
    np.testing.assert_allclose(np.clip(heard(track.mixture), -1, 1), expected.audio, atol=1.01 / 32768)
    assert np.abs(heard(track.mixture)).max() > 1
    for source, path in track.references.items():
        assert re.fullmatch(rf"results/datasets/musdb18/{re.escape(track.track)}/{source}-[0-9a-f]{{8}}\.wav", path)
        np.testing.assert_allclose(np.clip(heard(path), -1, 1), expected.targets[source].audio, atol=1.01 / 32768)


def test_files_that_are_there_are_kept_and_others_made(musdb18: Path) -> None:
    (track,) = table("musdb18", musdb18, "--made", "made").values()
    drums = Path(track.references["drums"])
    assert drums.parent == Path("made") / track.track
    content = drums.read_bytes()
    drums.unlink()
    Path(track.references["bass"]).write_bytes(b"kept")
    mixture = write(Path(track.mixture), -heard(track.mixture))
    table("musdb18", musdb18, "--made", "made")
    assert drums.read_bytes() == content
    assert Path(track.references["bass"]).read_bytes() == b"kept"
    np.testing.assert_array_equal(heard(track.mixture), mixture)


@pytest.mark.parametrize("options", [(), ("--made", "made")])
def test_like_named_tracks_of_two_data_sets_are_kept_apart(options: tuple[str, ...]) -> None:
    """Files of one size and one time of change, too, as an archive may unpack them."""
    tables, sums = [], []
    for seed, name in enumerate(("one", "two")):
        bass = write(Path(f"{name}/song/bass.wav"), noise(2 * seed))
        drums = write(Path(f"{name}/song/drums.wav"), noise(2 * seed + 1))
        for file in Path(name, "song").iterdir():
            os.utime(file, ns=(0, 0))
        sums.append(bass + drums)
        tables.append(table("folder", name, *options, output=f"{name}.tsv")["song"])
    for track, expected in zip(tables, sums, strict=True):
        np.testing.assert_array_equal(heard(track.mixture), expected)


def test_a_sum_is_made_anew_when_one_of_its_parts_is_another() -> None:
    bass = write(Path("mine/song/bass.wav"), noise(0))
    write(Path("mine/song/drums.wav"), noise(1))
    before = table("folder", "mine")["song"]
    drums = write(Path("mine/song/drums.wav"), noise(2))
    os.utime("mine/song/drums.wav", ns=(0, 0))
    after = table("folder", "mine")["song"]
    np.testing.assert_array_equal(heard(after.mixture), bass + drums)
    assert after.mixture != before.mixture
    flute = write(Path("mine/song/flute.wav"), noise(3))
    np.testing.assert_allclose(heard(table("folder", "mine")["song"].mixture), bass + drums + flute, atol=1e-7)


def test_a_reference_is_as_long_as_the_mixture_that_it_belongs_to() -> None:
    """It is made of the same stem both times, and of another length when the mixture is longer."""
    write(Path("mine/song/bass.wav"), noise(0, samples=RATE // 4))
    for samples in (SAMPLES, RATE):
        write(Path("mine/song/drums.wav"), noise(1, samples=samples))
        track = table("folder", "mine")["song"]
        assert len(heard(track.references["bass"])) == len(heard(track.mixture)) == samples


def write_slakh(folder: Path, programs: Sequence[int], suffix: str = ".flac") -> list[Signal]:
    """A track of Slakh2100: a stem of noise for each program (128: drums); the last is listed but has no file."""
    stems = {
        f"S{number:02}": {
            "audio_rendered": number < len(programs) - 1,
            "inst_class": "Drums" if program == 128 else "Guitar",
            "integrated_loudness": -12.82074180245363,
            "is_drum": program == 128,
            "midi_program_name": "Drums" if program == 128 else "Distortion Guitar",
            "midi_saved": True,
            "plugin_name": "elektrik_guitar.nkm",
            "program_num": program,
        }
        for number, program in enumerate(programs)
    }
    signals = [
        write(folder / f"stems/{name}{suffix}", noise(number, 1))
        for number, name in enumerate(stems)
        if stems[name]["audio_rendered"]
    ]
    write(folder / f"mix{suffix}", np.sum(signals, axis=0))
    metadata = {"UUID": "1a81", "audio_dir": "stems", "normalized": True, "overall_gain": 0.18, "stems": stems}
    (folder / "metadata.yaml").write_text(yaml.safe_dump(metadata), encoding="utf-8")
    return signals


def test_slakh_sums_the_stems_of_a_source() -> None:
    """By program number: two guitars, a violin, an organ, drums, and a piano that was never rendered."""
    guitar, _, organ, clean_guitar, _ = write_slakh(Path("slakh/test/Track01876"), [30, 40, 16, 27, 128, 0])
    write_slakh(Path("slakh/train/Track00001"), [33, 0], ".wav")
    track = table("slakh", "slakh", "--split", "test")["Track01876"]
    assert set(track.references) == {"guitar", "strings", "drums"}
    assert track.mixture == "slakh/test/Track01876/mix.flac"
    assert track.references["strings"] == "slakh/test/Track01876/stems/S01.flac"
    assert track.references["drums"] == "slakh/test/Track01876/stems/S04.flac"
    assert Path(track.references["guitar"]).match("results/datasets/slakh/Track01876/guitar-*.wav")
    np.testing.assert_array_equal(heard(track.references["guitar"]), guitar + clean_guitar)
    rest = heard(track.mixture) - sum(heard(path) for path in track.references.values())
    np.testing.assert_allclose(rest, organ, atol=1e-6)
    assert list(table("slakh", "slakh")) == ["Track01876", "Track00001"]


def test_only_the_wanted_sources_are_taken_and_made() -> None:
    write_slakh(Path("slakh/Track00001"), [30, 30, 33, 33, 0])
    write_slakh(Path("slakh/Track00002"), [33, 0])
    (track,) = table("slakh", "slakh", "--sources", "guitar, piano").values()
    assert (track.track, track.sources, list(track.references)) == ("Track00001", ("guitar",), ["guitar"])
    assert [path.as_posix() for path in Path("results").rglob("*.wav")] == [track.references["guitar"]]


def write_moisesdb(folder: Path, stems: dict[str, list[Signal]], song: str = "Song") -> None:
    """A song of MoisesDB: some recordings for each stem."""
    data: dict[str, object] = {"song": song, "artist": "A/B", "genre": "rock", "stems": []}
    listed = []
    for stem, recordings in stems.items():
        tracks = [
            {"id": f"{stem}-{number}", "extension": "wav", "trackType": "any", "has_bleed": False}
            for number in range(len(recordings))
        ]
        listed.append({"id": stem, "stemName": stem, "tracks": tracks})
        for number, recording in enumerate(recordings):
            write(folder / stem / f"{stem}-{number}.wav", recording)
    (folder / "data.json").write_text(json.dumps({**data, "stems": listed}), encoding="utf-8")


def test_moisesdb_is_summed_from_its_recordings() -> None:
    """One of the two drums is mono; the cello ends early; keys are in the mixture only."""
    drums, mono, cello, keys, piano = noise(1), noise(2, 1), noise(3, samples=SAMPLES // 2), noise(4), noise(5)
    stems = {"drums": [drums, mono], "bowed_strings": [cello], "other_keys": [keys], "piano": [piano]}
    write_moisesdb(Path("moisesdb/moisesdb_v0.1/5f0c"), stems)
    track = table("moisesdb", "moisesdb")["A/B - Song"]
    assert set(track.references) == {"drums", "strings", "piano"}
    assert track.references["piano"] == "moisesdb/moisesdb_v0.1/5f0c/piano/piano-0.wav"
    strings = np.pad(cello, ((0, SAMPLES - len(cello)), (0, 0)))
    np.testing.assert_array_equal(heard(track.references["strings"]), strings)
    np.testing.assert_array_equal(heard(track.references["drums"]), drums + mono)
    np.testing.assert_allclose(heard(track.mixture), drums + mono + strings + keys + piano, atol=1e-6)


def test_recordings_of_several_rates_are_summed_at_the_highest() -> None:
    time = np.arange(RATE)[:, None] / RATE
    tone = (0.2 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)
    write(Path("folder/song/bass.wav"), tone)
    write(Path("folder/song/vocals.wav"), tone[::2], RATE // 2)
    track = table("folder", "folder")["song"]
    mixture, rate = audio.read(track.mixture)
    assert (rate, len(mixture)) == (RATE, RATE)
    # Where a resampler rings at the ends of a tone is left out.
    np.testing.assert_allclose(mixture[2000:-2000], 2 * tone[2000:-2000], atol=1e-3)


def test_musdb18_hq_is_used_where_it_lies() -> None:
    for name in ("mixture", "drums", "bass", "other", "vocals"):
        write(Path(f"hq/test/A Song/{name}.wav"), noise(0))
        write(Path(f"hq/train/Another/{name}.wav"), noise(0))
    (track,) = table("musdb18-hq", "hq", "--split", "test").values()
    assert track.mixture == "hq/test/A Song/mixture.wav"
    assert track.references == {source: f"hq/test/A Song/{source}.wav" for source in ("bass", "drums", "vocals")}
    assert not Path("results").exists()


def test_a_folder_without_a_mixture_is_summed_with_what_no_source_is_called() -> None:
    stems = [
        write(Path(f"mine/song/{name}.wav"), noise(seed)) for seed, name in enumerate(("drums", "flute", "noises"))
    ]
    (track,) = table("folder", "mine").values()
    assert set(track.references) == {"drums", "flute"}
    np.testing.assert_allclose(heard(track.mixture), np.sum(stems, axis=0), atol=1e-6)


def test_the_table_is_one_that_the_workflow_decodes() -> None:
    """Of any format: an mp3 is longer than it was by its padding, which the workflow allows for."""
    folder = Path("mine/a song, of mine")
    folder.mkdir(parents=True)
    encode(folder / "mixture.mp3", noise(1) + noise(2), RATE)
    encode(folder / "vocals.mp3", noise(1), RATE)
    write(folder / "drums.flac", noise(2))
    track = table("folder", "mine")["a song, of mine"]
    facts = decode(track.mixture, track.start, track.duration, Path("mixture.wav"), Path("mono.wav"))
    for source, path in track.references.items():
        decode_reference(path, track.start, track.duration, facts, Path(f"{source}.wav"))
        assert len(heard(f"{source}.wav")) == facts.samples


def test_broken_tracks_are_told_and_the_others_go_on() -> None:
    write_slakh(Path("slakh/Track1"), [0, 33])
    for number in range(2, 7):
        write_slakh(Path(f"slakh/Track{number}"), [0, 33, 33])
    (Path("slakh/Track2") / "stems/S00.flac").unlink()
    (Path("slakh/Track3") / "metadata.yaml").write_text("stems: [", encoding="utf-8")
    (Path("slakh/Track4") / "metadata.yaml").write_text("stems: {S00: {program_num: x}}", encoding="utf-8")
    (Path("slakh/Track5") / "mix.flac").write_bytes(b"fLaC")
    write(Path("slakh/Track6/stems/S01.flac"), noise(0, samples=SAMPLES // 2))
    write_slakh(Path("slakh/Track7"), [16, 0])
    output, errors = stemsteer("tracks", "slakh", "slakh", status=1)
    assert output == "results/datasets/slakh/tracks.tsv: piano in 1, of 1 in all\n"
    told = errors.splitlines()
    assert told[0].startswith("error: 'slakh/Track2/stems/S00' is there neither as flac nor as wav; ")
    assert told[1].startswith("error: 'slakh/Track3/metadata.yaml' is not what Slakh2100 has there; ")
    assert told[2].startswith("error: 'slakh/Track4/metadata.yaml' is not what Slakh2100 has there; ")
    assert told[3].startswith("error: 'slakh/Track5/mix.flac' cannot be read as audio (")
    assert told[4].startswith("error: 'slakh/Track6/stems/S01.flac' is 0.250 s long and its mixture ")
    assert told[5].startswith("error: 'Track7' has no stem of a source ")
    assert told[6] == "error: 6 of 7 tracks are broken and not in 'results/datasets/slakh/tracks.tsv'"
    assert [track.track for track in read_tracks("results/datasets/slakh/tracks.tsv", [])] == ["Track1"]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_stem_that_is_not_finite_is_told_and_the_others_go_on(value: float) -> None:
    for track in ("a", "b", "c"):
        write(Path(f"mine/{track}/drums.wav"), noise(0))
        broken = noise(1)
        broken[RATE // 4, 1] = value if track == "b" else 0
        soundfile.write(f"mine/{track}/bass.wav", broken, RATE, "FLOAT")
    told = stemsteer("tracks", "folder", "mine", status=1)[1].splitlines()
    assert told[0].startswith("error: 'mine/b/bass.wav' has 1 NaN or infinite samples, the first at 0.250 s; ")
    assert told[1].startswith("error: 1 of 3 tracks are broken and not in ")
    assert [track.track for track in read_tracks("results/datasets/folder/tracks.tsv", [])] == ["a", "c"]


def test_broken_songs_of_musdb18_are_told(musdb18: Path) -> None:
    (whole,) = (musdb18 / "test").iterdir()
    (musdb18 / "test/cut.stem.mp4").write_bytes(whole.read_bytes()[: whole.stat().st_size * 3 // 4])
    (musdb18 / "test/empty.stem.mp4").touch()
    encode(musdb18 / "test/stereo.stem.mp4", noise(1), RATE)
    told = stemsteer("tracks", "musdb18", str(musdb18), status=1)[1].splitlines()
    assert len(told) == 4
    assert re.search(r"cut.stem.mp4' is truncated: only 4\.\d+ s of stream 0 can be decoded; ", told[0])
    assert "empty.stem.mp4' cannot be read as a stem.mp4 file; " in told[1]
    assert "stereo.stem.mp4' has 1 audio streams, not the five of MUSDB18; " in told[2]


def test_broken_data_of_moisesdb_and_folders_are_told() -> None:
    write_moisesdb(Path("moisesdb/1"), {"drums": [noise(1)]})
    write_moisesdb(Path("moisesdb/2"), {"drums": [noise(1)]})
    Path("moisesdb/3").mkdir()
    Path("moisesdb/3/data.json").write_text("{", encoding="utf-8")
    write_moisesdb(Path("moisesdb/4"), {"drums": [noise(1, 2), noise(1, 3)]}, "Other")
    text = stemsteer("tracks", "moisesdb", "moisesdb", status=1)[1]
    assert "error: 'moisesdb/2' is another track called 'A/B - Song'; " in text
    assert "error: 'moisesdb/3/data.json' is not what MoisesDB has there; " in text
    assert "drums-1.wav' has 3 channels and the stems beside it 2; " in text

    write(Path("mine/song/drums.wav"), noise(1))
    write(Path("mine/song/drums.flac"), noise(1))
    told = stemsteer("tracks", "folder", "mine", status=1)[1].splitlines()
    assert told[0].startswith("error: 'mine/song' has two files called drums; ")
    assert told[1] == "error: no track of 'mine' can be used; no table is written"
    assert not Path("results/datasets/folder/tracks.tsv").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["slakh", "nowhere"], "there is no folder 'nowhere'; give the folder that Slakh2100 is in"),
        (["slakh", "here"], "'here' holds no tracks of Slakh2100 (*/metadata.yaml); give their folder"),
        (["slakh", "here", "--split", "tset"], "Slakh2100 has no split 'tset'; its splits are train, validation, test"),
        (["slakh", "here", "--split", "test"], "there is no folder 'here/test'; give the folder that holds the splits"),
        (
            ["slakh", "here", "--sources", "basss"],
            "--sources: there is no source or tag 'basss' (did you mean bass?); `stemsteer tags` lists the sources",
        ),
        (["folder", "here", "--split", "test"], "a folder of stems has no split 'test'; leave --split out"),
    ],
)
def test_mistakes_are_told(arguments: list[str], sentence: str) -> None:
    Path("here").mkdir()
    assert stemsteer("tracks", *arguments, status=1)[1] == f"error: {sentence}\n"
