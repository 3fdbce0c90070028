"""The benchmark of a whole song: what it measures from outside and inside, what it counts, and what it leaves out."""

import importlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from stemsteer.errors import UserError
from stemsteer.settings.config import load_config
from stemsteer.settings.plan import make_plan
from stemsteer.sound import audio
from stemsteer.steering.settings import FULL_SET
from stemsteer.taggers.musicnn_package.tagger import MusicnnPackageTagger

CHECKOUT = Path(__file__).parents[2]
ENGINE = CHECKOUT / "benchmarks" / "engine"
MUSIC = CHECKOUT / "tests" / "data" / "feelings_16khz.flac"


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Imports a module of the benchmark by its name."""
    monkeypatch.syspath_prepend(ENGINE)
    return importlib.import_module


@pytest.fixture
def task(engine: Any, tmp_path: Path) -> Any:
    """Four seconds of music, which the full set of sources is asked of."""
    separators = engine("separators")
    return separators.Task(separators.cut(MUSIC, 4.0, tmp_path), FULL_SET, threads=1, device="cpu")


def test_a_process_costs_what_those_cost_that_it_starts(engine: Any, tmp_path: Path) -> None:
    """Two processes: the outer one waits, while the inner one takes memory and computes."""
    inner = "import time; held = bytearray(200_000_000)\nwhile time.process_time() < 0.6: pass"
    outer = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}]); print('done')"
    cost = engine("outside").measured("it", [sys.executable, "-c", outer], tmp_path)
    assert cost.output == "done\n"
    assert cost.wall > 0.6
    assert cost.cpu > 0.6
    assert 2e8 < cost.peak < 4e8


def test_what_other_processes_take_meanwhile_is_told(engine: Any, tmp_path: Path) -> None:
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        cost = engine("outside").measured("it", [sys.executable, "-c", "import time; time.sleep(1)"], tmp_path)
    finally:
        busy.kill()
        busy.wait()
    assert cost.others > 0.3


def test_a_process_that_fails_is_quoted(engine: Any, tmp_path: Path) -> None:
    program = "import sys; print('error: no such device'); sys.exit('Complete log: somewhere')"
    with pytest.raises(UserError, match="htdemucs ended with status 1: error: no such device"):
        engine("outside").measured("htdemucs", [sys.executable, "-u", "-c", program], tmp_path)
    assert engine("outside").last_words("first\nlast\n\n") == "last"
    assert engine("outside").last_words("") == "it said nothing"


def test_the_last_of_snakemakes_steps_is_no_process(engine: Any) -> None:
    output = "1 of 4 steps (25%) done\nrule steer:\n4 of 4 steps (100%) done\n"
    assert engine("around").started_jobs(output) == 3
    assert engine("around").started_jobs("Nothing to be done\n") == 0


def test_the_shares_of_the_wall_clock_sum_to_it(engine: Any, tmp_path: Path) -> None:
    around = engine("around")
    for rule, place, seconds in (("decode", "song", 1.5), ("steer", "default/song/all", 8.0), ("stem", "a/b", 2.0)):
        file = tmp_path / "logs" / rule / f"{place}.benchmark.tsv"
        file.parent.mkdir(parents=True)
        file.write_text(f"s\th:m:s\n{seconds}\t0:00:00\n")
    jobs = around.jobs_in(tmp_path)
    assert sorted(jobs) == [("decode", 1.5), ("steer", 8.0), ("stem", 2.0)]
    shares = around.shares_of(14.0, jobs, planning=1.0, imports={"decode": 0.5, "steer": 2.0, "stem": 1.0})
    assert list(shares.values()) == pytest.approx([1.0, 3.5, 6.0, 2.0, 1.5])
    assert around.jobs_in(tmp_path / "logs" / "decode") == []


def test_imports_are_those_of_a_jobs_script(engine: Any) -> None:
    imports = list(engine("around")._imports(CHECKOUT / "scripts" / "decode.py"))
    assert "from stemsteer.stages.decode import decode_mixture" in imports
    assert all(statement.startswith(("import ", "from ")) for statement in imports)


def table(*rows: tuple[str, int, float], engine: Any) -> pd.DataFrame:
    figures = [[name, repeat, wall, 2 * wall, 1.5e9, 3] for name, repeat, wall in rows]
    return pd.DataFrame(figures, columns=engine("song_tables").COLUMNS)


def test_ratios_are_those_of_processes_of_the_same_repeat(engine: Any) -> None:
    rows = [("default", 1, 10.0), ("htdemucs", 1, 10.0), ("default", 2, 60.0), ("htdemucs", 2, 20.0)]
    measured = table(*rows, ("default", 3, 20.0), ("htdemucs", 3, 10.0), engine=engine)
    assert engine("song_tables").ratios(measured) == {"default": 2.0, "htdemucs": 1.0}
    lines = engine("song_tables").separators_table(measured, seconds=40.0).splitlines()
    assert lines[1] == "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    assert lines[2] == "| default | 20.0 | 2.00 | 2.00 | 40.0 | 1.50 | 3 |"


def test_without_htdemucs_there_is_no_ratio(engine: Any) -> None:
    text = engine("song_tables").separators_table(table(("default", 1, 10.0), engine=engine), seconds=40.0)
    assert text.splitlines()[2] == "| default | 10.0 | – | 4.00 | 20.0 | 1.50 | 3 |"


def test_the_report_has_all_tables(engine: Any, task: Any) -> None:
    tables, parts = engine("song_tables"), engine("chunk_parts")
    seconds = dict.fromkeys(parts.PARTS, 0.5)
    work = parts.Work(2, seconds, operations=10**11, rates={"matrix product": 1e11, "convolution": 2e11})
    rows = table(("default", 1, 10.0), ("htdemucs", 1, 20.0), engine=engine)
    text = tables.report(tables.Figures(task, {"cores": "2"}, rows, {"steering": 8.0, "rest": 2.0}, work))
    assert "4 s of feelings_16khz.flac, vocals, drums, bass, guitar, piano, strings; cores 2" in text
    assert "| steering | 8.00 | 80.0% |" in text
    assert f"| all | {len(parts.PARTS) * 0.5 * 2 / 4:.4f} | 100.0% |" in text
    assert "| as a large convolution | 200.0 | 1.0 | 10.00 |" in text


def test_time_in_a_part_of_a_part_is_the_inner_ones(engine: Any) -> None:
    clock = engine("chunk_parts").Clock(torch.device("cpu"))
    started = time.perf_counter()
    with clock.timed("outer"):
        time.sleep(0.05)
        with clock.timed("inner"):
            time.sleep(0.2)
        time.sleep(0.05)
    assert clock.seconds["outer"] >= 0.1
    assert clock.seconds["inner"] >= 0.2
    assert sum(clock.seconds.values()) == pytest.approx(time.perf_counter() - started, abs=0.01)


@pytest.mark.parametrize(("number", "places"), [(2, [1, 2]), (3, [1, 2, 3]), (9, [0, 1, 2, 3, 4])])
def test_chunks_are_taken_from_the_middle(number: int, places: list[int], engine: Any) -> None:
    assert engine("chunk_parts").middle(range(5), number)[:] == range(places[0], places[-1] + 1)


def noting(heard: list[int], function: Callable[..., Any]) -> Callable[..., Any]:
    def noted(self: Any, windows: torch.Tensor) -> Any:
        heard.append(len(windows))
        return function(self, windows)

    return noted


@pytest.mark.usefixtures("one_thread")
def test_a_profile_has_all_parts_and_the_floor_all_windows(
    engine: Any, task: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four seconds, two windows of which a tagger hears."""
    parts, separators = engine("chunk_parts"), engine("separators")
    settings = {"steering": {"subsets": 4}, "generator": {"dictionaries": 2, "iterations": 5}}
    config = load_config(separators.StemSteer(task, "default", settings).config(tmp_path / "tracks.tsv"))
    heard: list[int] = []
    monkeypatch.setattr(MusicnnPackageTagger, "window_logits", noting(heard, MusicnnPackageTagger.window_logits))
    work = parts.work_of(config, "default", task.excerpt.mixture, FULL_SET, number=1)
    assert work.chunks == 1
    assert tuple(work.seconds) == parts.PARTS
    assert all(seconds > 0 for seconds in work.seconds.values())
    assert work.seconds[parts.REST] < sum(work.seconds.values()) / 4
    hearings = 1 + 4 * 2 + 2 * len(FULL_SET)
    counted = heard.pop()  # the one window whose operations are counted
    assert counted == 1
    assert sum(heard) == 2 * hearings * 2  # of two solutions, the first of which fills caches
    assert work.operations % (2 * hearings) == 0
    assert 1e9 < work.operations / (2 * hearings) < 3e9
    assert work.floors(2)["convolution"] == pytest.approx(work.operations / work.rates["convolution"] / 2)


def test_peers_get_stereo_at_their_rate(task: Any) -> None:
    mixture, rate = audio.read(task.excerpt.mixture)
    for_peers, peers_rate = audio.read(task.excerpt.for_peers)
    assert (rate, peers_rate) == (16_000, 44_100)
    assert mixture.shape == (64_000, 1)
    assert for_peers.shape == (176_400, 2)
    np.testing.assert_array_equal(for_peers[:, 0], for_peers[:, 1])


def test_stemsteer_runs_what_a_user_would_run(engine: Any, task: Any, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    run = engine("separators").StemSteer(task, "mtat", {"preset": "mtat"})
    plan = make_plan(load_config(run.prepare(folder)))
    assert [stem.source for stem in plan.stems] == list(FULL_SET)
    assert plan.tracks["song"].duration == 4.0
    assert plan.config.runs["mtat"].taggers.names == ["MTT_vgg", "fcn-mtat", "instruments"]
    assert (folder / "config.yaml").is_file()
    assert run.command(folder)[1:4] == ["-m", "snakemake", "stems"]


def test_what_is_missing_is_left_out_and_said(
    engine: Any, task: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    separators = engine("separators")
    monkeypatch.setenv("STEMSTEER_MODELS", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setitem(separators.MODULES, "open-unmix", "no_such_module")
    chosen = [separator.name for separator in separators.separators(task, ["open-unmix"])]
    assert chosen == ["default"]
    mtat, umxhq = capsys.readouterr().err.splitlines()
    assert mtat.startswith("mtat is left out: the weights of fcn-mtat are in no folder that STEMSTEER_MODELS names")
    assert (
        umxhq
        == "umxhq is left out: the package no_such_module is not installed; `pip install no_such_module` installs it"
    )


def test_a_peer_writes_four_stems(engine: Any, tmp_path: Path) -> None:
    separators = engine("separators")
    task = separators.Task(separators.cut(MUSIC, 0.5, tmp_path), FULL_SET, threads=1, device="cpu")
    peer = separators.Peer(task, "open-unmix")
    ended = engine("whole_song").separated(peer, 1)
    assert ended.row["separator"] == "umxhq"
    assert ended.row["jobs"] == 1
    assert ended.row["peak_bytes"] > 1e8
    assert ended.jobs == []
    subprocess.run(peer.command(tmp_path), check=True)
    for stem in ("drums", "bass", "other", "vocals"):
        signal, rate = audio.read(tmp_path / f"{stem}.wav")
        assert signal.shape == (22_050, 2)
        assert rate == 44_100


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--seconds=0"], "--seconds 0: give more than 0"),
        (["--repeat=0"], "--repeat 0: give at least 1"),
        (["--sources", "drumms"], "did you mean drums"),
        (["--device=tpu"], "config: device"),
    ],
)
def test_mistakes_are_told_in_a_sentence(
    options: list[str], sentence: str, engine: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["whole_song.py", str(MUSIC), str(tmp_path / "song.tsv"), *options])
    with pytest.raises(UserError, match=sentence):
        engine("whole_song").main()
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_not_there_ends_the_program_with_a_sentence(tmp_path: Path) -> None:
    command = [sys.executable, str(ENGINE / "whole_song.py"), str(tmp_path / "no.mp3"), str(tmp_path / "song.tsv")]
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT / "scripts")}
    ended = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert ended.returncode == 1
    assert ended.stderr.startswith("error: ")
    assert "no.mp3" in ended.stderr
    assert ended.stderr.count("\n") == 1
