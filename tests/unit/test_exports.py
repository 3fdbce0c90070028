"""Exports: legal and distinct names for files, templates, and stems for people in every format."""

import errno
import logging
import os
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import example, given
from hypothesis import strategies as st

from stemsteer.errors import UserError
from stemsteer.exports.names import ExportNames, file_name, file_names
from stemsteer.exports.settings import REST, ExportSettings
from stemsteer.exports.signals import level_of
from stemsteer.exports.writing import FULL_SCALE
from stemsteer.files import read_json, write_json
from stemsteer.names import is_name
from stemsteer.settings.config import load_config
from stemsteer.settings.tracks import read_tracks
from stemsteer.sound import audio
from stemsteer.sound.audio import BLOCK, Signal
from stemsteer.sound.tags import Tags
from stemsteer.stages.export import ExportInputs, export_stems, forget_incomplete

RATE = 48_000
SAMPLES = BLOCK + 1000
"""More than a block."""
LONGEST = 143 - len(".part.flac")
"""Bytes that an encrypted file system leaves for a name."""

DEVICES = {"CON", "PRN", "AUX", "NUL", *(f"{port}{number}" for port in ("COM", "LPT") for number in "0123456789¹²³")}
"""What Windows keeps for itself, with any suffix."""

names = st.text(min_size=1).filter(is_name)

# Names.


@given(names)
@example("CON")
@example("com1.wav")
@example("LPT³.x")
@example("nul .txt")
@example(".hidden")
@example("...")
@example("AC/DC: Who? <Me>")
@example("ends with dots. . ")
@example("é" * 200)
def test_a_file_name_is_legal_everywhere(name: str) -> None:
    file = file_name(name)
    assert file
    assert len(file.encode()) <= LONGEST
    assert not set(file).intersection('/\\:*?"<>|')
    assert is_name(file)
    assert not file.startswith(".")
    assert not file.endswith((".", " "))
    assert file.partition(".")[0].rstrip().upper() not in DEVICES


def test_a_name_that_is_legal_stays_as_it_is() -> None:
    for name in ("My song", "naïve", "日本語 (live)", "{braces}", "it's", "-dash", "a.b"):
        assert file_name(name) == name


FOLDED: list[Callable[[str], str]] = [
    str,
    lambda name: unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold()),
    lambda name: unicodedata.normalize("NFC", name.lower()),
    lambda name: unicodedata.normalize("NFKD", name).casefold(),
]
"""What some file systems take names for."""


@given(st.lists(names, unique=True))
@example(["Song", "song", "SONG"])
@example(["caf\u00e9", "cafe\u0301"])
@example(["a/b", "a:b", "a_b"])
@example(["ﬁn", "fin"])
@example(["x" * 200, "x" * 201])
@example(["Straße", "STRASSE"])
def test_names_in_one_folder_stay_apart_on_every_file_system(given_names: list[str]) -> None:
    files = file_names(given_names)
    assert list(files) == given_names
    for folded in FOLDED:
        assert len({folded(file) for file in files.values()}) == len(files)
    assert all(len(file.encode()) <= LONGEST for file in files.values())


def test_a_name_that_nothing_is_taken_for_gets_no_hash() -> None:
    files = file_names(["Song", "song", "other"])
    assert files["other"] == "other"
    assert files["Song"].startswith("Song ")
    assert files["song"].startswith("song ")


# Templates.


def names_of(
    settings: dict[str, Any], runs: tuple[str, ...] = ("default",), tracks: tuple[str, ...] = ("song",)
) -> Any:
    return ExportNames(ExportSettings(**settings), runs, tracks, ("vocals", "drums"))


def test_a_template_has_names_of_all_kinds_and_the_rest() -> None:
    template = "{run}/{track} - {source}.{ext}"
    export = names_of({"filename": template, "folder": "out"}, ("a", "b"), ("AC/DC", "{x}"))
    assert export.files("b", "AC/DC", ["drums"]) == {
        "drums": Path("out/b/AC_DC - drums.wav"),
        REST: Path("out/b/AC_DC - rest.wav"),
    }
    assert export.files("a", "{x}", [])[REST] == Path("out/a/{x} - rest.wav")
    assert set(names_of({"rest": None}).files("default", "song", ["vocals"])) == {"vocals"}


MISTAKES = {
    "{trak}/{source}.{ext}": "has {trak}, which means nothing here ({run}, {track}, {source}, {ext} do)",
    "{}/{source}.{ext}": "has {}, which means nothing",
    "{source.real}.{ext}": "has {source.real}, which means nothing",
    "{source:.1}.{ext}": "has {source:.1}, which means nothing",
    "{source!r}.{ext}": "has {source!r}, which means nothing",
    "{track.{ext}": "cannot be understood",
    "{source": "cannot be understood",
    "{track}.{ext}": "has no {source}, so that all stems would be one file",
    "/{source}.{ext}": "leaves the folder",
    "../{source}.{ext}": "leaves the folder",
    "a/../../{source}.{ext}": "leaves the folder",
    "{source}": "does not end in .{ext}",
    "{source}.mp3": "does not end in .{ext}",
}


@pytest.mark.parametrize(("template", "sentence"), MISTAKES.items(), ids=MISTAKES)
def test_a_mistake_in_a_template_is_told(template: str, sentence: str) -> None:
    with pytest.raises(UserError) as told:
        load_config({"tracks": "tracks.tsv", "export": {"filename": template}})
    assert sentence in str(told.value)
    assert str(told.value).startswith("config: export")


@pytest.mark.parametrize("folder", ["results", "results/stems", "./logs", "RESULTS", ".snakemake/x", "a/../results"])
def test_the_folders_of_the_workflow_are_not_exported_to(folder: str) -> None:
    with pytest.raises(UserError, match="a folder of the workflow's own"):
        load_config({"tracks": "tracks.tsv", "export": {"folder": folder}})


def test_stems_that_would_overwrite_each_other_are_told() -> None:
    with pytest.raises(UserError, match=r"has no \{track\}, and there are 2 tracks"):
        names_of({"filename": "{source}.{ext}"}, tracks=("a", "b"))
    with pytest.raises(UserError, match=r"has no \{run\}, and there are 2 runs"):
        names_of({}, runs=("a", "b"))
    with pytest.raises(UserError, match="'drums' is a source, too"):
        names_of({"rest": "drums"})
    names_of({"filename": "{source}.{ext}"})


# Signals and files.


@dataclass
class Exported:
    """A separated track in a folder, which is the working directory, and its exports."""

    folder: Path
    record: Path = Path("results/runs/default/exports/song.json")
    mixture: Path = Path("mixture.wav")
    stems: dict[str, Path] = field(default_factory=lambda: {"vocals": Path("v.wav"), "drums": Path("d.wav")})

    def write_signals(self, channels: int = 2, rate: int = RATE, loudness: float = 0.3, subtype: str = "FLOAT") -> None:
        """Noise; the mixture has more than the stems."""
        self.folder.mkdir(exist_ok=True)
        random = np.random.default_rng(0)
        vocals, drums, others = loudness * random.standard_normal((3, SAMPLES, channels)).astype(np.float32).clip(-3, 3)
        for path, signal in (
            (self.mixture, vocals + drums + others),
            *zip(self.stems.values(), (vocals, drums), strict=True),
        ):
            audio.write(path, signal, rate, "FLOAT" if path == self.mixture else subtype)
        for source, path in self.stems.items():
            record = {"clipped_samples": 0, "warning": None, "ascent": {"presence": 0.5}}
            write_json(path.with_suffix(".json"), {"source": source, **record})
        Path("tags.json").write_text(Tags(fields={"title": "Song", "artist": "Nobody"}).model_dump_json())

    def export(
        self, as_written: bool = False, sources: tuple[str, ...] = ("vocals", "drums"), **settings: Any
    ) -> dict[str, Path]:
        """Export; returns the files by source."""
        chosen = ExportSettings(**settings)
        stems = {source: self.stems[source] for source in sources}
        records = {source: path.with_suffix(".json") for source, path in stems.items()}
        other = Path("other.wav") if len(stems) == 1 else None
        inputs = ExportInputs(self.mixture, stems, other, records, Path("tags.json"))
        files = ExportNames(chosen, ["default"], ["song"], sources).files("default", "song", sources)
        export_stems("default", "song", inputs, files, chosen, as_written, record_out=self.record)
        return files

    def rows(self) -> dict[str | None, dict[str, Any]]:
        return {row["source"]: row for row in read_json(self.record)["files"]}


@pytest.fixture
def track(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Exported:
    monkeypatch.chdir(tmp_path)
    exported = Exported(tmp_path)
    exported.write_signals()
    return exported


def signal(path: Path) -> Signal:
    return audio.read(path)[0]


def test_stems_of_the_same_format_are_links_and_the_rest_is_the_mixture_without_them(track: Exported) -> None:
    files = track.export(as_written=True)
    for source, stem in track.stems.items():
        assert files[source].samefile(stem)
    vocals, drums, rest = (signal(files[source]) for source in ("vocals", "drums", REST))
    assert np.array_equal(rest, signal(track.mixture) - vocals - drums)
    np.testing.assert_allclose(vocals + drums + rest, signal(track.mixture), rtol=0, atol=1e-6)
    assert {source: row["path"] for source, row in track.rows().items()} == {
        "vocals": "stems/song/vocals.wav",
        "drums": "stems/song/drums.wav",
        None: "stems/song/rest.wav",
    }
    assert track.rows()["vocals"]["presence"] == 0.5
    assert not list(track.record.parent.glob("*.begun"))


def test_where_there_is_one_stem_the_rest_is_a_link_too(track: Exported) -> None:
    audio.write("other.wav", signal(track.mixture) - signal(track.stems["vocals"]), RATE)
    files = track.export(as_written=True, sources=("vocals",), rest="no_vocals")
    assert files[REST] == Path("stems/song/no_vocals.wav")
    assert files[REST].samefile("other.wav")


@pytest.mark.parametrize("number", [errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP])
def test_a_file_system_without_links_gets_copies(track: Exported, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def no_links(*paths: Any) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "link", no_links)
    files = track.export(as_written=True)
    assert not files["vocals"].samefile(track.stems["vocals"])
    assert files["vocals"].read_bytes() == track.stems["vocals"].read_bytes()


def test_an_export_again_takes_the_place_of_the_earlier_one(track: Exported) -> None:
    files = track.export(as_written=True)
    before = {path: path.read_bytes() for path in files.values()}
    track.export(as_written=True)
    assert {path: path.read_bytes() for path in files.values()} == before
    assert files["vocals"].samefile(track.stems["vocals"])


@pytest.mark.parametrize(
    ("container", "encoding"), [("wav", "int16"), ("wav", "int24"), ("flac", "int16"), ("flac", "int24")]
)
def test_integers_are_the_nearest_ones_with_tags(track: Exported, container: str, encoding: str) -> None:
    files = track.export(container=container, encoding=encoding)
    step = 2.0 ** (1 - int(encoding[3:]))
    for source, path in track.stems.items():
        assert soundfile.info(files[source]).subtype == f"PCM_{encoding[3:]}"
        assert files[source].suffix == f".{container}"
        np.testing.assert_allclose(signal(files[source]), signal(path).clip(-1, 1 - step), rtol=0, atol=0.51 * step)
    from mediafile import MediaFile

    assert MediaFile(files["vocals"]).title == "Song (vocals)"
    assert MediaFile(files[REST]).title == "Song (rest)"


def test_samples_beyond_full_scale_are_kept_where_the_encoding_can(track: Exported) -> None:
    track.write_signals(loudness=0.6)
    files = track.export()
    assert level_of(iter([signal(files["vocals"])])).peak > 1
    assert np.array_equal(signal(files["vocals"]), signal(track.stems["vocals"]))
    assert all(row["clipped_samples"] == 0 for row in track.rows().values())


def test_clamp_cuts_off_and_counts(track: Exported, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    track.write_signals(loudness=0.6)
    stem = signal(track.stems["vocals"])
    files = track.export(clip="clamp")
    assert np.array_equal(signal(files["vocals"]), stem.clip(-1, 1))
    assert track.rows()["vocals"]["clipped_samples"] == np.count_nonzero(np.abs(stem) > 1) > 0
    total = sum(row["clipped_samples"] for row in track.rows().values())
    assert f"{total} samples were cut off at full scale: stems no longer sum to the mixture" in caplog.text


def test_integers_clip_and_count_without_being_asked_to(track: Exported) -> None:
    track.write_signals(loudness=0.6)
    track.export(encoding="int16")
    assert track.rows()["vocals"]["clipped_samples"] >= np.count_nonzero(np.abs(signal(track.stems["vocals"])) > 1) > 0


@pytest.mark.parametrize("encoding", ["float32", "int16"])
def test_rescale_turns_all_files_down_by_one_gain(
    track: Exported, encoding: str, caplog: pytest.LogCaptureFixture
) -> None:
    track.write_signals(loudness=0.6)
    files = track.export(clip="rescale", encoding=encoding)
    gain = read_json(track.record)["gain"]
    assert 0 < gain < 1
    assert f"turned down to {gain:.3f} of their level" in caplog.text
    step = 2**-15 if encoding == "int16" else 1e-6
    for source, path in track.stems.items():
        np.testing.assert_allclose(signal(files[source]), gain * signal(path), rtol=0, atol=step)
    total = sum(signal(path) for path in files.values())
    np.testing.assert_allclose(total, gain * signal(track.mixture), rtol=0, atol=3 * step)
    assert max(np.abs(signal(path)).max() for path in files.values()) == pytest.approx(FULL_SCALE, abs=1e-6)
    assert all(row["clipped_samples"] == 0 for row in track.rows().values())


def test_rescale_leaves_what_does_not_clip_as_it_is(track: Exported) -> None:
    track.write_signals(loudness=0.05)
    files = track.export(clip="rescale")
    assert read_json(track.record)["gain"] == 1
    assert np.array_equal(signal(files["drums"]), signal(track.stems["drums"]))


def test_silence_can_be_rescaled(track: Exported) -> None:
    track.write_signals(loudness=0)
    track.export(clip="rescale")
    assert read_json(track.record)["gain"] == 1


@pytest.mark.parametrize(
    ("rate", "written"), [(48_000, 48_000), (44_100, 44_100), (96_000, 48_000), (88_200, 48_000), (16_000, 48_000)]
)
@pytest.mark.parametrize("channels", [1, 2])
def test_mp3_has_320_kbit_and_the_length_of_the_mixture(
    track: Exported, rate: int, written: int, channels: int
) -> None:
    time = np.arange(SAMPLES) / rate
    tone = np.float32(0.5) * np.sin(2 * np.pi * 440 * time)[:, None].repeat(channels, axis=1).astype(np.float32)
    for path in (track.mixture, *track.stems.values()):
        audio.write(path, tone, rate)
    files = track.export(container="mp3")
    decoded, decoded_rate = audio.read(files["vocals"])
    assert decoded_rate == written
    assert decoded.shape == (audio.resampled_length(SAMPLES, rate, written), channels)
    expected = audio.resample(tone, rate, written)
    assert np.square(decoded - expected).mean() < 1e-5 * np.square(expected).mean()
    # The encoder adds some frames.
    assert 320_000 < 8 * files["vocals"].stat().st_size / (SAMPLES / rate) < 320_000 * 1.15


def test_mp3_tells_that_stems_do_not_sum_any_more(track: Exported, caplog: pytest.LogCaptureFixture) -> None:
    track.export(container="mp3")
    assert "mp3 changes each stem a little" in caplog.text


def test_mp3_refuses_surround(track: Exported) -> None:
    track.write_signals(channels=6)
    with pytest.raises(UserError, match="mp3 holds at most 2 channels, the mixture has 6; export flac or wav"):
        track.export(container="mp3")
    assert not track.record.exists()
    assert not [path for path in track.folder.rglob("*.mp3") if path.is_file()]
    assert signal(track.export(container="flac", encoding="int24")[REST]).shape == (SAMPLES, 6)


# What is there already.


def test_files_from_elsewhere_are_never_overwritten(track: Exported) -> None:
    mine = Path("stems/song/drums.wav")
    mine.parent.mkdir(parents=True)
    mine.write_text("my own")
    with pytest.raises(UserError, match=r"'stems/song/drums\.wav' is there already, from something else; move it"):
        track.export(as_written=True)
    assert [path.name for path in mine.parent.iterdir()] == ["drums.wav"]
    assert mine.read_text() == "my own"
    assert not track.record.exists()


def test_other_names_leave_no_file_of_the_old_ones(track: Exported) -> None:
    before = track.export()
    after = track.export(filename="{source} of {track}.{ext}")
    assert not any(path.exists() for path in before.values())
    assert all(path.exists() for path in after.values())
    assert {Path(row["path"]) for row in track.rows().values()} == set(after.values())


def test_a_stem_less_leaves_no_file(track: Exported) -> None:
    before = track.export()
    audio.write("other.wav", signal(track.mixture), RATE)
    track.export(sources=("vocals",))
    assert not before["drums"].exists()


def test_an_export_that_was_stopped_half_way_goes_on(track: Exported, monkeypatch: pytest.MonkeyPatch) -> None:
    written = audio.writing

    def stopped(path: Path, *rest: Any, **options: Any) -> Any:
        if path.stem == "drums":
            raise KeyboardInterrupt
        return written(path, *rest, **options)

    with monkeypatch.context() as patched:
        patched.setattr(audio, "writing", stopped)
        with pytest.raises(KeyboardInterrupt):
            track.export(encoding="int16")
    assert Path("stems/song/vocals.wav").exists()
    assert not track.record.exists()
    files = track.export(encoding="int24", filename="{source}.{ext}")
    assert all(path.exists() for path in files.values())
    assert not Path("stems/song/vocals.wav").exists()


def test_a_stop_leaves_the_earlier_files_or_the_new_ones_but_none_half_written(
    track: Exported, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = track.export(as_written=True)
    before = files["vocals"].read_bytes()
    track.write_signals(loudness=0.1)  # in new files, as the workflow writes them

    def stopped(*paths: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(os, "link", stopped)
        with pytest.raises(KeyboardInterrupt):
            track.export(as_written=True)
    assert files["vocals"].read_bytes() == before
    assert not list(track.folder.rglob("*.part.*"))


def test_an_export_of_which_a_file_is_gone_is_made_again(track: Exported) -> None:
    files = track.export()
    forget_incomplete([track.record, Path("no record.json")])
    assert track.record.exists()
    for _ in range(2):
        files["drums"].unlink()
        forget_incomplete([track.record])
        assert not track.record.exists()
        # The others are known to be its own, even when the config has other names by now.
        files = track.export(filename="{source}.{ext}")
    assert sorted(path.name for path in Path("stems").rglob("*.wav")) == ["drums.wav", "rest.wav", "vocals.wav"]
    assert not Path("stems/song/vocals.wav").exists()


# Exported stems are no songs.


def songs_in(folder: Path) -> set[str]:
    return {track.track for track in read_tracks(str(folder), ["vocals"])}


def test_a_folder_of_music_with_a_separation_in_it_has_the_same_songs_as_before(
    track: Exported, monkeypatch: pytest.MonkeyPatch
) -> None:
    music, inside = track.folder, track.folder / "separated"
    inside.mkdir()
    monkeypatch.chdir(inside)
    separation = Exported(inside)
    separation.write_signals()
    separation.export(folder="stems of mine")
    write_json("results/plan.json", {})
    for decoded in ("results/audio/song/mixture.wav", "mine/song.wav"):
        audio.write(decoded, signal(separation.mixture), RATE)
    own = {"mixture", "v", "d"}
    for here in (inside, music, Path("/")):
        monkeypatch.chdir(here)
        assert songs_in(inside) == {*own, "mine - song"}
        assert songs_in(music) == {*own, *(f"separated - {name}" for name in own), "separated - mine - song"}
    # Who asks for stems gets them.
    assert songs_in(inside / "stems of mine") == {"song - vocals", "song - drums", "song - rest"}
