"""`stemsteer separate`, `run` and `init` as users type them: real separations of short music."""

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
import yaml

from invocation import stemsteer
from read_only import read_only
from stemsteer.sound import audio
from stemsteer.sound.audio import Signal
from typed import STAMP, Ended, contents, run
from workdir import music

RATE = 16_000
SECONDS = 2.5
ODD = "-odd {name} 'and' \"quoted\" [x] ü"
"""What a file may be called."""


def sound(path: Path) -> Signal:
    return audio.read(path)[0]


def check_sum(folder: Path, track: str, sources: Sequence[str], mixture: Path, step: float = 0) -> None:
    """That stems and rest are all of a mixture, sample by sample."""
    parts = [sound(folder / "stems" / track / f"{source}.wav").astype(np.float64) for source in sources]
    whole, rate = audio.read(mixture)
    assert all(part.shape == whole.shape for part in parts)
    assert {soundfile.info(folder / "stems" / track / f"{source}.wav").samplerate for source in sources} == {rate}
    # Half of the last bit of a float32.
    np.testing.assert_allclose(sum(parts), whole, rtol=0, atol=2**-24)
    assert all(np.abs(part).max() > 0 for part in parts)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with songs, in which the commands are typed."""
    folder = tmp_path_factory.mktemp("user") / "My music"
    folder.mkdir()
    audio.write(folder / "song.wav", music(SECONDS, RATE, 2), RATE, "PCM_16")
    audio.write(folder / f"{ODD}.flac", music(SECONDS + 1, RATE)[RATE:], RATE, "PCM_16")
    (folder / "more").mkdir()
    audio.write(folder / "more/good.wav", music(SECONDS, RATE), RATE, "PCM_16")
    (folder / "more/broken.mp3").write_text("words")
    (folder / "more/cover.jpg").write_text("a picture")
    return folder


@pytest.fixture
def here(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder with songs, as the working directory of this process."""
    monkeypatch.chdir(home)
    return home


# One song.

FIRST = ("vocals", "guitar")


@pytest.fixture(scope="module")
def first(home: Path) -> Ended:
    return run(home, "separate", "song.wav", "--sources", "vocals, guitar")


def test_stems_and_rest_are_the_song(home: Path, first: Ended) -> None:
    assert first.status == 0, first.err
    check_sum(home / "separated", "song", (*FIRST, "rest"), home / "song.wav")


def test_the_terminal_lists_what_lies_where(home: Path, first: Ended) -> None:
    assert first.files == {("song", source): f"separated/stems/song/{source}.wav" for source in (*FIRST, "rest")}
    assert all((home / path).is_file() for path in first.files.values())
    assert re.search(r"^song +vocals +-\d\d\.\d dB +(yes|no) ", first.out, re.MULTILINE)
    assert first.out.endswith("\nThe report to listen to: separated/results/report/index.html\n")
    assert (home / "separated/results/report/index.html").is_file()


def test_a_pipe_gets_plain_lines(first: Ended) -> None:
    assert re.fullmatch(r"[\x20-\x7e\n]*", first.out + first.err)
    assert all(STAMP.match(line) for line in first.err.splitlines())


def test_the_folder_is_one_of_snakemakes(home: Path, first: Ended) -> None:
    folder = home / "separated"
    again = subprocess.run(
        [sys.executable, "-m", "snakemake", "-n"], cwd=folder, capture_output=True, encoding="utf-8", timeout=100
    )
    assert "Nothing to be done" in again.stdout + again.stderr
    config = yaml.safe_load((folder / "config.yaml").read_text())
    assert config["tracks"] == "tracks.tsv"
    assert config["export"]["filename"] == "{track}/{source}.{ext}"
    assert not list(folder.rglob("*.begun"))
    assert not list(folder.rglob("*.progress"))


# More of it.

ADDED = ("drums",)


@pytest.fixture(scope="module")
def second(home: Path, first: Ended) -> tuple[dict[str, bytes], Ended]:
    """The files of the first separation, and the end of a second one of the same song and another."""
    before = contents(home / "separated", "results/runs/default/stems/song/*.wav")
    return before, run(home, "separate", "--sources", "drums", "--", "song.wav", f"{ODD}.flac", "./song.wav")


def test_a_song_gets_another_source_and_a_second_song_comes_in(
    home: Path, second: tuple[dict[str, bytes], Ended]
) -> None:
    before, ended = second
    assert ended.status == 0, ended.err
    folder = home / "separated"
    table = pd.read_csv(folder / "tracks.tsv", sep="\t")
    assert list(table.track) == ["song", ODD]
    assert list(table.sources) == ["vocals,guitar,drums", "drums"]
    check_sum(folder, "song", (*FIRST, *ADDED, "rest"), home / "song.wav")
    safe = ODD.replace('"', "_")
    check_sum(folder, safe, (*ADDED, "rest"), home / f"{ODD}.flac")
    after = contents(folder, "results/runs/default/stems/song/*.wav")
    assert {path: after[path] for path in before} == before
    assert set(ended.files) == {("song", source) for source in (*FIRST, *ADDED, "rest")} | {
        (ODD, source) for source in (*ADDED, "rest")
    }
    assert (ODD, "rest") in ended.files
    assert ended.files[ODD, "rest"] == f"separated/stems/{safe}/rest.wav"


def test_the_same_again_does_nothing(home: Path, second: tuple[dict[str, bytes], Ended]) -> None:
    folder = home / "separated"
    before = {path: content for path, content in contents(folder, "**/*").items() if "stemsteer.log" not in path}
    times = {path: (folder / path).stat().st_mtime_ns for path in before}
    again = run(home, "separate", "song.wav", "--sources", "drums,guitar")
    assert again.status == 0
    assert again.out == second[1].out
    after = contents(folder, "**/*")
    assert {path: after[path] for path in before} == before
    assert {path: (folder / path).stat().st_mtime_ns for path in before} == times


REFUSED = {
    "--format flac": "stems.container is 'wav' there and 'flac' now; stems.encoding is 'float32' there and 'int24' now",
    "--preset mtat": "runs.default is set there and not set now; runs.mtat.preset is not set there and 'mtat' now",
    "--two-stems vocals": "export.rest is 'rest' there and 'no_vocals' now",
    "--device cpu": "device is 'auto' there and 'cpu' now",
    "--filename {source}.{ext}": "export.filename is '{track}/{source}.{ext}' there and '{source}.{ext}' now",
}


@pytest.mark.parametrize(("options", "sentence"), REFUSED.items(), ids=REFUSED)
def test_other_settings_are_refused_and_nothing_changes(
    here: Path, second: tuple[dict[str, bytes], Ended], options: str, sentence: str
) -> None:
    before = contents(here, "**/*")
    out, err = stemsteer("separate", "song.wav", *options.split(), status=1)
    assert out == ""
    assert err.startswith("error: 'separated' holds stems of other settings (")
    assert sentence in err
    assert "choose another folder with --out" in err
    assert err.count("\n") == 1
    assert contents(here, "**/*") == before


def test_a_folder_of_songs_with_separations_in_it_has_no_more_songs_than_before(
    here: Path, second: tuple[dict[str, bytes], Ended]
) -> None:
    for place in (".", "**/*.*", str(here), "*"):
        out, _ = stemsteer("separate", place, "--dry-run", "--out", "nowhere")
        assert out.startswith("tracks      4, "), out
        assert "1 cannot be read" in out
    assert not (here / "nowhere").exists()


def test_a_song_that_is_gone_leaves_the_table_and_its_stems_stay(
    here: Path, tmp_path: Path, second: tuple[dict[str, bytes], Ended]
) -> None:
    before = contents(here / "separated", "**/*")
    (here / "song.wav").rename(tmp_path / "elsewhere.wav")
    try:
        out, _ = stemsteer("separate", "--sources", "drums", "--dry-run", "--", f"{ODD}.flac")
    finally:
        (tmp_path / "elsewhere.wav").rename(here / "song.wav")
    assert f"note: {here / 'song.wav'} is gone: song leaves the table, and its stems stay as they are" in out
    assert contents(here / "separated", "**/*") == before


# What goes wrong.


@pytest.fixture(scope="module")
def with_a_broken_song(home: Path) -> Ended:
    return run(home, "separate", "more/*.[mw]*", "--sources", "guitar", "--format", "mp3", "--out", "one broken")


def test_a_broken_song_keeps_no_other_from_being_separated(home: Path, with_a_broken_song: Ended) -> None:
    ended = with_a_broken_song
    assert ended.status == 1
    assert ended.files == {("good", source): f"one broken/stems/good/{source}.mp3" for source in ("guitar", "rest")}
    for path in ended.files.values():
        assert sound(home / path).shape == (SECONDS * 48_000, 1)
    complaint, error = ended.complaints
    assert complaint.startswith("reading failed for broken: ")
    assert "cannot be read as audio" in complaint
    assert error == "error: not everything was done; one broken/logs/stemsteer.log has all that was said"
    assert "Traceback" not in (home / "one broken/logs/decode/broken.log").read_text()


MISTAKES = {
    "nothing.wav": "there is no file or folder 'nothing.wav'; check the path",
    "no*.wav": "no audio files match 'no*.wav'; check the pattern",
    "~nobody/x.wav": "there is no file or folder '~nobody/x.wav'",
    "x" * 300: "there is no file or folder 'xxx",
    "": "there is no file or folder ''",
    "song.wav --sources guitr": "there is no source or tag 'guitr' (did you mean guitar?)",
    "song.wav --sources ,": "no source is named",
    "song.wav --two-stems guitar --sources vocals": "--two-stems and --sources contradict each other",
    "song.wav --preset mtatt": "there is no ready-made run 'mtatt' (did you mean mtat?)",
    "song.wav --start nan": "--start and --seconds want numbers of seconds",
    "song.wav --format mp3 --int16": "--int16 is for wav and flac",
    "song.wav --format flac --float32": "flac has no float32",
    "song.wav --filename {trak}/{source}.{ext}": "has {trak}, which means nothing here",
    "song.wav more/good.wav --filename {source}.{ext}": "has no {track}, and there are 2 tracks",
}


@pytest.mark.parametrize(("arguments", "sentence"), MISTAKES.items(), ids=[key[:20] for key in MISTAKES])
def test_a_mistake_is_told_in_a_sentence_before_anything_is_written(here: Path, arguments: str, sentence: str) -> None:
    out, err = stemsteer("separate", *arguments.split(" "), "--out", "never", status=1)
    assert out == ""
    assert err.startswith("error: ")
    assert sentence in err
    assert err.count("\n") == 1
    assert not (here / "never").exists()


def test_other_peoples_workflows_are_left_alone(here: Path, tmp_path: Path) -> None:
    (tmp_path / "Snakefile").write_text("rule all:\n")
    _, err = stemsteer("separate", "song.wav", "--out", str(tmp_path), status=1)
    assert "holds another workflow (its Snakefile); choose another folder" in err
    assert [path.name for path in tmp_path.iterdir()] == ["Snakefile"]


def test_a_folder_that_may_not_be_written_to_is_told(here: Path, tmp_path: Path) -> None:
    with read_only(tmp_path):
        _, err = stemsteer("separate", "song.wav", "--out", str(tmp_path / "out"), status=1)
    assert re.fullmatch(r"error: .*out.*; check the path, or use a folder that you may write to\n", err)


def test_an_excerpt_beyond_the_end_is_told(home: Path) -> None:
    ended = run(home, "separate", "song.wav", "--start", "100", "--out", "beyond")
    assert ended.status == 1
    assert re.search(r"^reading failed for song: .*100", ended.err, re.MULTILINE)
    assert "song" not in ended.out


# Where a path is from.


def test_files_are_found_wherever_they_are_asked_for_from(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(here))
    for place in ("~/song.wav", "~/so*.wav", "./more/../song.wav", f"{here}/song.wav"):
        out, _ = stemsteer("separate", place, "--dry-run", "--out", "nowhere")
        assert out.startswith("tracks      1, 2 s of audio"), out
        assert "jobs left   1 decode, 1 steer, 1 stem, 1 export" in out
    assert not (here / "nowhere").exists()
