"""A wheel in an environment that nobody may write to, without a checkout: commands, Snakemake, folders to work in."""

import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import yaml

from installation import Ended, Installation, build_sdist, build_wheel, install, make_environment
from read_only import read_only
from stemsteer import __version__
from stemsteer.sound import audio
from workdir import MUSIC

SECONDS = 4
SEPARATE = ("stemsteer", "separate", "song.flac", "--seconds", str(SECONDS), "-s", "vocals,drums")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    made = make_environment(tmp_path_factory.mktemp("installed"))
    install(made, wheel)
    with read_only(made.environment):
        yield made


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a song in it and nothing else."""
    folder = tmp_path_factory.mktemp("work")
    (folder / "song.flac").write_bytes(MUSIC.read_bytes())
    return folder


@pytest.fixture(scope="module")
def refused(installed: Installation, work: Path) -> tuple[Ended, Ended, list[Path]]:
    """What `separate` and `doctor` say without musicnn, and what lies in the folder afterwards."""
    separate, doctor = (installed.run(*command, cwd=work) for command in (SEPARATE, ("stemsteer", "doctor")))
    there = list(work.iterdir())
    installed.bring_musicnn()
    return separate, doctor, there


@pytest.fixture(scope="module")
def separated(installed: Installation, work: Path, refused: tuple[Ended, Ended, list[Path]]) -> Path:
    """What the same command makes when musicnn is there."""
    ended = installed.run(*SEPARATE, cwd=work)
    assert ended.status == 0, ended.errors
    assert "separated/stems/song/vocals.wav" in ended.output
    return work / "separated"


def test_it_is_the_wheel_that_is_used(installed: Installation, tmp_path: Path) -> None:
    program = "import stemsteer, stemsteer.places as places; print(stemsteer.__file__, places.HOME, sep='\\n')"
    ended = installed.run("python", "-c", program, cwd=tmp_path)
    code, home = map(Path, ended.output.split())
    assert home == code.parent / "shipped"
    assert home.is_relative_to(installed.environment)
    with pytest.raises(OSError, match=r"Read-only|denied"):
        (home / "written").touch()
    told = installed.run("stemsteer", "--version", cwd=tmp_path)
    assert (told.status, told.output) == (0, f"StemSteer {__version__}\n")


def test_without_musicnn_a_sentence_says_how_to_have_it(refused: tuple[Ended, Ended, list[Path]], work: Path) -> None:
    separate, doctor, there = refused
    assert (separate.status, separate.output) == (1, "")
    assert separate.errors.startswith("error: ")
    assert "`pip install --no-deps musicnn`" in separate.errors
    assert separate.errors.count("\n") == 1
    assert doctor.status == 1
    assert "pip install --no-deps --force-reinstall musicnn==0.1.0" in doctor.output
    assert there == [work / "song.flac"]


def test_stems_and_rest_sum_to_the_song(separated: Path) -> None:
    parts = {path.stem: audio.read(path) for path in (separated / "stems" / "song").iterdir()}
    assert set(parts) == {"vocals", "drums", "rest"}
    song, rate = audio.read(MUSIC)
    assert {own_rate for _, own_rate in parts.values()} == {rate}
    total = np.sum([signal for signal, _ in parts.values()], axis=0)
    np.testing.assert_allclose(total, song[: SECONDS * rate], rtol=0, atol=1e-6)
    assert np.square(parts["vocals"][0]).sum() > 0
    assert (separated / "results/report/index.html").exists()


def test_plain_snakemake_finds_all_of_it_done(installed: Installation, separated: Path) -> None:
    ended = installed.run("snakemake", "-n", cwd=separated)
    assert ended.status == 0, ended.errors
    assert "Nothing to be done" in ended.output + ended.errors


def test_doctor_finds_no_problem(installed: Installation, separated: Path, work: Path) -> None:
    ended = installed.run("stemsteer", "doctor", cwd=work)
    assert ended.status == 0, ended.output
    assert "no problems" in ended.output


def test_a_folder_to_start_from_works_as_it_is_made(installed: Installation, separated: Path, tmp_path: Path) -> None:
    assert installed.run("stemsteer", "init", "corpus", cwd=tmp_path).status == 0
    sources = yaml.safe_load((tmp_path / "corpus/config.yaml").read_text(encoding="utf-8"))["sources"]
    ended = installed.run("snakemake", "-n", cwd=tmp_path / "corpus")
    assert ended.status == 0, ended.errors
    for source in sources:
        assert f"/{source}.wav" in ended.output + ended.errors


def test_the_sdist_makes_the_same_wheel(tmp_path: Path) -> None:
    with tarfile.open(build_sdist(tmp_path)) as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    again, directly = build_wheel(tmp_path / "again", unpacked), build_wheel(tmp_path / "directly")
    assert contents(again) == contents(directly)


def contents(wheel: Path) -> dict[str, bytes]:
    """The files in a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
