"""`stemsteer init` and `stemsteer run`: folders with a table of one's own."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from invocation import stemsteer
from stemsteer.command_line import separate
from stemsteer.sound import audio
from typed import contents, run
from workdir import music

RATE = 16_000
TRACK = "Piece No. 1"
MINE = {
    "tracks": "tracks.tsv",
    "sources": ["guitar"],
    "runs": {
        "short": {
            "generator": {"kind": "components", "components": 6, "iterations": 30},
            "steering": {"kind": "perturbation", "subsets": 8},
        }
    },
    "baselines": [],
    "judge": None,
    "export": {"filename": "{source} of {track}.{ext}"},
    "align": "none",  # the reference is no part of the mixture
}


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A folder of init, with a table of one piece whose guitar is known."""
    folder = tmp_path / "my corpus"
    out, _ = stemsteer("init", str(folder))
    assert f"cd '{folder}' && stemsteer run" in out
    audio.write(folder / "song.wav", music(2, RATE), RATE)
    audio.write(folder / "guitar.wav", music(4, RATE)[2 * RATE :], RATE)
    (folder / "tracks.tsv").write_text(
        f"track\tmixture\treference_guitar\n{TRACK}\tsong.wav\tguitar.wav\n", encoding="utf-8"
    )
    (folder / "mine.yaml").write_text(yaml.safe_dump(MINE), encoding="utf-8")
    return folder


def test_a_folder_of_init_is_complete(tmp_path: Path) -> None:
    stemsteer("init", str(tmp_path))
    assert set(contents(tmp_path, "**/*")) == {
        "config.yaml",
        "tracks.tsv",
        "Snakefile",
        "slurm/config.yaml",
        "profiles/default/config.yaml",
    }
    planned = run(tmp_path, "run", "-n")
    assert planned.status == 0, planned.err
    assert re.search(r"^steer +1$", planned.out + planned.err, re.MULTILINE)


def test_init_replaces_nothing(corpus: Path) -> None:
    before = contents(corpus, "**/*")
    _, err = stemsteer("init", str(corpus), status=1)
    assert "is there already; choose another folder, or edit that file" in err
    assert contents(corpus, "**/*") == before


def test_a_config_that_is_given_stands_alone(corpus: Path) -> None:
    ended = run(corpus.parent, "run", "--directory", corpus, "--configfile", "mine.yaml")
    assert ended.status == 0, ended.err
    assert [path.name for path in (corpus / "results/runs").iterdir()] == ["short"]
    assert ended.files == {
        (TRACK, source): f"{corpus.name}/stems/{source} of {TRACK}.wav" for source in ("guitar", "rest")
    }
    assert re.search(r"improvement +file$", ended.out.splitlines()[0])
    assert re.search(rf"^{TRACK} +guitar .*[+-]\d+\.\d dB +my corpus/", ended.out, re.MULTILINE)
    parts = [audio.read(corpus / f"stems/{source} of {TRACK}.wav")[0] for source in ("guitar", "rest")]
    np.testing.assert_allclose(sum(parts), audio.read(corpus / "song.wav")[0], rtol=0, atol=2**-24)


def test_separate_adds_to_a_table_and_keeps_what_is_in_it(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows with references and paths of the table's folder, wherever the command is typed."""
    monkeypatch.chdir(corpus.parent)
    monkeypatch.setattr(separate, "run_in", lambda folder, arguments, verbose: 0)
    audio.write(corpus.parent / "other.wav", music(1, RATE), RATE)
    stemsteer("separate", "other.wav", f"{corpus}/song.wav", "--out", str(corpus), "--sources", "drums")
    lines = (corpus / "tracks.tsv").read_text(encoding="utf-8").splitlines()
    assert lines == [
        "track\tmixture\tstream\tstart\tduration\tsources\treference_guitar",
        f"{TRACK}\tsong.wav\t\t\t\tvocals,drums,bass,guitar,piano,strings\tguitar.wav",
        f"other\t{corpus.parent}/other.wav\t\t\t\tdrums\t",
    ]
    before = (corpus / "tracks.tsv").stat().st_mtime_ns
    stemsteer("separate", "other.wav", "--out", str(corpus), "--sources", "drums")
    assert (corpus / "tracks.tsv").stat().st_mtime_ns == before
    stemsteer("separate", "other.wav", "--out", str(corpus), "--start", "0.1234567", "--seconds", "0.5")
    *_, last = (corpus / "tracks.tsv").read_text(encoding="utf-8").splitlines()
    assert last.split("\t")[3:5] == ["0.1234567", "0.5"]


def test_a_mistake_in_the_config_is_one_sentence(corpus: Path) -> None:
    with (corpus / "config.yaml").open("a") as config:
        config.write("jugde: null\n")
    ended = run(corpus, "run")
    assert ended.status == 1
    assert ended.complaints == ["error: config: unknown key jugde (did you mean judge?)"]
    assert ended.out == ""
    assert not (corpus / "results").exists()


def test_what_snakemake_does_not_understand_is_wrong_usage(corpus: Path) -> None:
    for arguments, sentence in (
        (["--frob"], "unrecognized arguments: --frob"),
        (["--cores", "x"], "must be integer or 'all'"),
        (["--profile", "nowhere"], "profile directory given (nowhere)"),
    ):
        _, err = stemsteer("run", "--directory", str(corpus), *arguments, status=2)
        assert sentence in err
        assert len(err.splitlines()) < 6


def test_targets_can_follow_two_dashes(corpus: Path) -> None:
    planned = run(corpus, "run", "-n", "--configfile", "mine.yaml", "--", "stems")
    assert planned.status == 0, planned.err
    assert re.search(r"^stems +1$", planned.out + planned.err, re.MULTILINE)
    unknown = run(corpus, "run", "nothing_such")
    assert unknown.status == 1
    assert any("nothing_such" in line for line in unknown.complaints)
    assert unknown.out == ""


@pytest.mark.parametrize("options", [["-np"], ["--list-rules"], ["plan"], ["--version"]], ids=" ".join)
def test_what_only_tells_tells(corpus: Path, options: list[str]) -> None:
    told = run(corpus, "run", *options)
    assert told.status == 0
    assert (told.out + told.err).strip()
    assert not (corpus / "logs/stemsteer.log").exists()
    lines = [line for line in (told.out + told.err).splitlines() if "dry-run" in line or "Building" in line]
    assert len(lines) <= 2


def test_a_lock_is_told_with_the_way_out(corpus: Path) -> None:
    locks = corpus / ".snakemake/locks"
    locks.mkdir(parents=True)
    (locks / "0.output.lock").write_text("results/plan.json\n")
    (locks / "0.input.lock").write_text("")
    locked = run(corpus, "run")
    assert locked.status == 1
    (sentence,) = locked.complaints
    assert sentence.startswith(f"error: another run is at work in '{corpus}': wait until it has ended")
    (command,) = re.findall("`stemsteer (.*)`", sentence)
    subprocess.run(f"{sys.executable} -m stemsteer {command}", shell=True, check=True, capture_output=True)
    assert not list(corpus.glob(".snakemake/locks/*"))


def test_a_folder_without_a_workflow_is_told(tmp_path: Path) -> None:
    _, err = stemsteer("run", "--directory", str(tmp_path), status=1)
    assert err.startswith(f"error: there is no Snakefile in '{tmp_path}'; make such a folder with `stemsteer init`")
    assert list(tmp_path.iterdir()) == []
