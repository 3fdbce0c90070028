"""`snakemake models` fetches weights and verifies them; jobs never do, and say what to do when there are none."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from file_server import FileServer, serving
from stemsteer.models.weights import sha256
from stemsteer.places import RESOURCES
from stemsteer.sound import audio
from workdir import REPOSITORY, Ended, Workdir, music

WEIGHTS = RESOURCES / "codec/embedded.safetensors"
LINK = "results/models/tiny"
CODES = "results/codes/tiny/song.npy"
SETTINGS = {"codecs": {"embedded": {}, "tiny": {"weights": "tiny"}}, "runs": {"quick": {"codec": "tiny"}}}


@dataclass(frozen=True)
class Machine:
    """A workflow whose registry has the generator `tiny`, to be fetched from a server on this machine."""

    workdir: Workdir
    snakefile: Path
    cached: Path
    server: FileServer

    def snakemake(self, *options: str, **settings: object) -> Ended:
        return self.workdir.snakemake("--snakefile", str(self.snakefile), *options, **SETTINGS, **settings)


def copy_workflow(folder: Path, address: str) -> None:
    """This workflow, its registry longer by the generator `tiny`."""
    for part in ("rules", "scripts", "resources", "envs", "report", "profiles"):
        shutil.copytree(REPOSITORY / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("Snakefile", "pyproject.toml"):
        shutil.copy(REPOSITORY / file, folder)
    with (folder / "resources/models.yaml").open("a", encoding="utf-8") as registry:
        registry.write(f"""
tiny:
  kind: generator
  family: jukebox
  file: tiny/codec.safetensors
  url: {address}/codec.bin
  size: {WEIGHTS.stat().st_size}
  sha256: {sha256(WEIGHTS)}
  licence: CC BY-SA 3.0
  citation: the embedded codec under another name
""")


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("STEMSTEER_MODELS", "")
    monkeypatch.setenv("no_proxy", "*")
    # In place of the package that is installed, which has its own registry.
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "workflow/scripts"))
    workdir = Workdir(tmp_path / "folder")
    workdir.folder.mkdir()
    audio.write(workdir.folder / "song.wav", music(1, 16000), 16000)
    workdir.tracks({"track": "song", "mixture": "song.wav"})
    with serving() as server:
        server.files["codec.bin"] = WEIGHTS.read_bytes()
        copy_workflow(tmp_path / "workflow", server.address)
        cached = tmp_path / "cache/stemsteer/tiny/codec.safetensors"
        yield Machine(workdir, tmp_path / "workflow/Snakefile", cached, server)


def test_weights_are_fetched_once_and_again_when_they_are_gone(machine: Machine) -> None:
    link = machine.workdir.folder / LINK
    ended = machine.snakemake("models")
    assert ended.status == 0, ended.output
    assert ended.jobs == {"model": 1, "models": 1, "total": 2}
    assert link.readlink() == machine.cached
    assert link.read_bytes() == WEIGHTS.read_bytes()
    assert f"tiny: {machine.cached} (licence: CC BY-SA 3.0)" in machine.workdir.text("logs/models/tiny.log")

    ended = machine.snakemake("models")
    assert ended.status == 0
    assert "Nothing to be done" in ended.output
    assert len(machine.server.requests) == 1

    machine.cached.unlink()
    machine.server.cut = 1000
    ended = machine.snakemake(LINK)
    assert ended.status == 1
    sentence = f"error: {machine.server.address}/codec.bin could not be downloaded ("
    assert machine.workdir.text("logs/models/tiny.log").startswith(sentence)
    assert sentence in ended.output
    assert not link.is_symlink()

    machine.server.cut = None
    ended = machine.snakemake(LINK)
    assert ended.status == 0, ended.output
    assert link.read_bytes() == WEIGHTS.read_bytes()
    assert [wanted for _, wanted in machine.server.requests] == [None, None, "bytes=1000-"]


def test_altered_weights_are_not_kept(machine: Machine) -> None:
    machine.server.files["codec.bin"] = WEIGHTS.read_bytes()[::-1]
    ended = machine.snakemake("models")
    assert ended.status == 1
    log = machine.workdir.text("logs/models/tiny.log")
    assert "/codec.bin is not the published file of tiny (its sha256 is " in log
    assert not (machine.workdir.folder / LINK).is_symlink()
    assert [path.name for path in machine.cached.parent.iterdir()] == []


def test_a_job_without_weights_says_how_to_fetch_them_and_asks_no_server(machine: Machine) -> None:
    ended = machine.snakemake(CODES)
    assert ended.status == 1
    sentence = "error: the weights of tiny are not on this machine: fetch them with `snakemake models`, "
    assert machine.workdir.text("logs/codes/tiny/song.log").startswith(f"track 'song'\n{sentence}")
    assert sentence in ended.output
    assert machine.server.requests == []


def test_jobs_find_the_copies_that_the_config_names(machine: Machine) -> None:
    copies = machine.workdir.folder / "copies"
    (copies / "tiny").mkdir(parents=True)
    shutil.copy(WEIGHTS, copies / "tiny/codec.safetensors")
    ended = machine.snakemake(CODES, "models", models="copies")
    assert ended.status == 0, ended.output
    assert (machine.workdir.folder / CODES).exists()
    assert (machine.workdir.folder / LINK).readlink() == copies / "tiny/codec.safetensors"
    assert machine.server.requests == []


def test_copies_in_a_folder_that_does_not_exist_are_a_mistake_in_the_config(machine: Machine) -> None:
    ended = machine.snakemake("models", models="copeis")
    assert ended.status == 1
    told = [line for line in ended.output.splitlines() if "workflow specific profile" not in line]
    assert told == ["error: config: models: there is no folder 'copeis'; correct the path, or leave the key out"]
