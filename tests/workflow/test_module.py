"""Other workflows use this one as a module, with rules of other names, and from a git host as snakedeploy does it."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from installation import Installation, build_wheel, install, make_environment
from stemsteer.settings.config import load_config
from stemsteer.settings.tracks import read_tracks
from stemsteer.sound import audio
from workdir import REPOSITORY, Ended, Workdir, music, snakemake

RATE = 24_000
SECONDS = 2
CONFIG: dict[str, Any] = {
    "tracks": "tracks.tsv",
    "sources": ["guitar"],
    "judge": None,
    "baselines": [],
    "runs": {
        "quick": {
            "generator": {"kind": "components", "components": 4, "iterations": 20},
            "steering": {"kind": "perturbation", "subsets": 8, "chunk_seconds": 3},
            "mask": {"kind": "none"},
            "stem": {"kind": "steered"},
        }
    },
}
"""Soon over, and without files that have to be fetched."""

MODULE = """
import yaml

from stemsteer.places import SNAKEFILE


module stemsteer:
    snakefile:
        str(SNAKEFILE)
    config:
        yaml.safe_load(open("ours.yaml"))["separation"]


use rule * from stemsteer{names}


rule loudness:
    default_target: True
    input:
        expand("results/runs/quick/stems/{{stem}}.wav", stem={stems!r}),
    output:
        "loudness.txt",
    run:
        import soundfile

        stem, _ = soundfile.read(input[0])
        Path(output[0]).write_text(str((stem**2).mean()))


onstart:
    stemsteer.onstart()


onerror:
    stemsteer.onerror()
"""
"""A workflow with a rule of its own over stems, and a config of its own, of which ours is a part."""

BOTH = {"track": "both", "mixture": "song.wav", "sources": "guitar,drums"}
"""A track with other sources: where there is one, there are two rules that steer."""

DEPLOYED = """
configfile: "config/config.yaml"


module stemsteer:
    snakefile:
        github("someone/stemsteer", path="workflow/Snakefile", tag="v1")
    config:
        config


use rule * from stemsteer
"""
"""As snakedeploy writes it."""


def prepare(folder: Path, names: str, *others: dict[str, str], stems: Sequence[str] = ("song/guitar",)) -> Workdir:
    """A folder with such a workflow, a song, and a table with it and other tracks."""
    workdir = Workdir(folder)
    audio.write(folder / "song.wav", music(SECONDS, RATE, 2), RATE)
    workdir.tracks({"track": "song", "mixture": "song.wav"}, *others)
    (folder / "ours.yaml").write_text(yaml.safe_dump({"separation": CONFIG, "ours": True}), encoding="utf-8")
    (folder / "Snakefile").write_text(MODULE.format(names=names, stems=stems), encoding="utf-8")
    return workdir


def run(workdir: Workdir, *options: str) -> Ended:
    return snakemake(workdir.folder, "--snakefile", "Snakefile", *options)


@pytest.mark.parametrize("prefix", ["", "separate_"])
def test_a_workflow_with_rules_of_its_own_makes_stems(prefix: str, tmp_path: Path) -> None:
    stems = ("song/guitar", "both/guitar", "both/drums")
    workdir = prepare(tmp_path, f" as {prefix}*" if prefix else "", BOTH, stems=stems)
    ended = run(workdir, "--set-resources", f"{prefix}steer:mem_mb=777")
    assert ended.status == 0, ended.output
    assert ended.jobs == {f"{prefix}{rule}": 2 for rule in ("decode", "steer", "stem")} | {"loudness": 1, "total": 7}
    assert len(re.findall(r"^    resources: .*mem_mb=777,", ended.output, re.MULTILINE)) == 2
    song, _ = workdir.audio("song.wav")
    for stem in stems:
        signal, rate = workdir.audio(f"results/runs/quick/stems/{stem}.wav")
        other, _ = workdir.audio(f"results/runs/quick/stems/{stem}.other.wav")
        assert rate == RATE
        np.testing.assert_allclose(signal + other, song, rtol=0, atol=1e-6)
    assert float(workdir.text("loudness.txt")) > 0
    assert "Nothing to be done" in run(workdir, "-n").output


def test_a_report_tells_of_a_broken_track_where_handlers_are_taken_over(tmp_path: Path) -> None:
    workdir = prepare(tmp_path, " as separate_*", {"track": "broken", "mixture": "broken.wav"})
    (tmp_path / "broken.wav").touch()
    ended = run(workdir, "--keep-going", "results/report/index.html")
    assert ended.status == 1
    assert (tmp_path / "results/runs/quick/stems/song/guitar.wav").exists()
    assert "broken.wav&#39; is empty" in workdir.text("results/report/index.html")


def test_a_rule_can_be_changed_and_others_left_out(tmp_path: Path) -> None:
    workdir = prepare(tmp_path, " exclude plan, models as separate_*", BOTH)
    with (tmp_path / "Snakefile").open("a") as snakefile:
        snakefile.write("\n\nuse rule steer from stemsteer as separate_steer with:\n    threads: 2\n")
    ended = run(workdir, "-n")
    assert ended.status == 0, ended.output
    assert "    threads: 2\n" in ended.output


def test_a_prefix_is_refused_with_a_sentence(tmp_path: Path) -> None:
    workdir = prepare(tmp_path, "")
    text = workdir.text("Snakefile").replace("    config:", '    prefix: "elsewhere"\n    config:')
    (tmp_path / "Snakefile").write_text(text, encoding="utf-8")
    ended = run(workdir, "-n")
    assert ended.status == 1
    assert "error: the module stemsteer cannot have a prefix" in ended.output
    assert "Traceback" not in ended.output


def test_the_config_that_is_deployed_is_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)
    config = load_config(yaml.safe_load(Path("config/config.yaml").read_text(encoding="utf-8")))
    assert [track.track for track in read_tracks(str(config.tracks), list(config.sources))] == ["My song"]


def test_the_catalogue_finds_the_files_that_it_asks_for() -> None:
    usage = yaml.safe_load((REPOSITORY / ".snakemake-workflow-catalog.yml").read_text(encoding="utf-8"))["usage"]
    assert set(usage) == {"mandatory-flags", "software-stack-deployment", "report"}
    assert set(usage["software-stack-deployment"]) == {"conda", "apptainer", "apptainer+conda"}
    for file in ("workflow/Snakefile", "config/README.md", "README.md"):
        assert (REPOSITORY / file).is_file()


@pytest.fixture(scope="module")
def hosted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Installation, Workdir]:
    """An environment without StemSteer, where Snakemake has cloned a repository, and a project that uses it."""
    made = make_environment(tmp_path_factory.mktemp("hosted"))
    made.bring_musicnn()
    # Where Snakemake keeps what it has cloned, so that nothing has to be fetched.
    clones = made.home / ".cache/snakemake/snakemake/source-cache/snakemake-git-cache"
    make_repository(clones / "github.com/someone/stemsteer")
    workdir = Workdir(tmp_path_factory.mktemp("project"))
    shutil.copytree(REPOSITORY / "config", workdir.folder / "config")
    audio.write(workdir.folder / "song.wav", music(SECONDS, RATE, 2), RATE)
    workdir.tracks({"track": "song", "mixture": "song.wav"}, table="config/tracks.tsv")
    config = {**CONFIG, "tracks": "config/tracks.tsv"}
    (workdir.folder / "config/config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    (workdir.folder / "workflow").mkdir()
    (workdir.folder / "workflow/Snakefile").write_text(DEPLOYED, encoding="utf-8")
    return made, workdir


def make_repository(folder: Path) -> None:
    """A bare repository of the workflow as it is in this checkout, tagged."""
    subprocess.run(["git", "init", "--quiet", "--bare", folder], check=True)
    git = ["git", "-c", "user.name=Tests", "-c", "user.email=", f"--git-dir={folder}", f"--work-tree={REPOSITORY}"]
    files = ["Snakefile", "workflow", "rules", "scripts", "envs", "report/captions"]
    for command in (["add", *files], ["commit", "--quiet", "--message=All"], ["tag", "v1"]):
        subprocess.run([*git, *command], cwd=REPOSITORY, check=True)


def test_a_project_that_snakedeploy_made_needs_the_package(
    hosted: tuple[Installation, Workdir], tmp_path: Path
) -> None:
    made, workdir = hosted
    told = made.run("snakemake", "--cores", "2", cwd=workdir.folder)
    assert told.status == 1
    assert "error: the package stemsteer is missing" in told.errors
    assert "Traceback" not in told.errors
    install(made, build_wheel(tmp_path))
    ended = made.run("snakemake", "--cores", "2", cwd=workdir.folder)
    assert ended.status == 0, ended.errors
    song, _ = workdir.audio("song.wav")
    stem, other = (workdir.audio(f"results/runs/quick/stems/song/guitar{end}.wav")[0] for end in ("", ".other"))
    np.testing.assert_allclose(stem + other, song, rtol=0, atol=1e-6)
