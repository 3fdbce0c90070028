"""The live view of a workflow: what Snakemake's records make of a state, and how it looks."""

import io
import json
import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from logging import LogRecord, makeLogRecord
from pathlib import Path
from typing import Any, TextIO

import pytest
from rich.console import Console
from snakemake_interface_logger_plugins.common import LogEvent

from stemsteer.command_line.workflow import live
from stemsteer.command_line.workflow.engine import Ended
from stemsteer.command_line.workflow.listener import LogHandler, listen
from stemsteer.command_line.workflow.live import View, in_words, shown
from stemsteer.command_line.workflow.outcome import blamed, report_outcome
from stemsteer.command_line.workflow.redirected import output_to
from stemsteer.command_line.workflow.slugs import true_names
from stemsteer.command_line.workflow.state import RunningJob, State
from stemsteer.errors import UserError, names_in, told_in_log
from stemsteer.jobs.layout import followed_beside
from stemsteer.names import slug
from stemsteer.steering.progress import FollowedBar

SONG = "It's \"my\" söng, run 'x'"
LOG = Path("logs/steer/default/song/all.log")

# What Snakemake says, with the keys that it gives its records (its jobs.py and workflow.py).


def said(event: LogEvent | None, text: str = "", **extra: Any) -> LogRecord:
    return makeLogRecord({"msg": text, "event": event, **extra})


def planned(**jobs: int) -> LogRecord:
    return said(LogEvent.RUN_INFO, stats={**jobs, "total": sum(jobs.values())})


def started(number: int, rule: str, log: Path | None = None, **wildcards: str) -> LogRecord:
    logs = [] if log is None else [str(log)]
    return said(LogEvent.JOB_INFO, jobid=number, rule_name=rule, wildcards=wildcards, log=logs)


def finished(number: int) -> LogRecord:
    return said(LogEvent.JOB_FINISHED, job_id=number)


def failed(number: int) -> LogRecord:
    return said(LogEvent.JOB_ERROR, jobid=number)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def heard(*records: LogRecord) -> State:
    """What a state is after some records."""
    state = listen()
    handler = object.__new__(LogHandler)  # Snakemake alone can make one
    for record in records:
        handler.emit(record)
    return state


def drawn(state: State) -> list[str]:
    """The lines of the view, without colours and the bar."""
    console = Console(file=io.StringIO(), force_terminal=True, width=100, record=True)
    console.print(View(state))
    return [re.sub(r" *[━╸╺]+ *", "", line).rstrip() for line in console.export_text().splitlines()]


def follow(log: Path, text: str, names: dict[str, str] | None = None) -> None:
    """Let a job say how far it is."""
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(", ".join(f"{kind} {name!r}" for kind, name in (names or {}).items()) + "\n", encoding="utf-8")
    followed_beside(log).write_text(text, encoding="utf-8")


def test_a_workflow_goes_from_nothing_to_all() -> None:
    state = heard()
    assert state.share() == 0
    handler = object.__new__(LogHandler)
    shares = [0.0]
    for record in (
        planned(decode=1, steer_1=1, stem_1=1, report=1, all=1),
        started(1, "decode", track="song"),
        finished(1),
        started(2, "steer_1", track="song"),
        finished(2),
        started(3, "stem_1", track="song"),
        finished(3),
        started(4, "report"),
        finished(4),
        started(0, "all"),
        finished(0),
    ):
        handler.emit(record)
        shares.append(state.share())
    assert shares == sorted(shares)
    assert shares[-1] == 1
    # Steering is most of the work.
    assert shares[5] - shares[4] > 0.8
    assert not state.running
    assert not state.failed


def test_a_job_that_steers_counts_as_far_as_it_says() -> None:
    state = heard(planned(steer=1), started(1, "steer", LOG, track="song"))
    assert state.share() == 0
    for text, share in (("8 32", 0.25), ("32 32", 1), ("0 0", 0), ("", 0), ("16", 0), ("x y", 0)):
        follow(LOG, text)
        assert state.share() == share


def test_the_bar_of_a_job_can_be_followed_as_long_as_it_is_open() -> None:
    LOG.parent.mkdir(parents=True)
    state = heard(planned(steer=1), started(1, "steer", LOG))
    bar = FollowedBar(followed_beside(LOG), total=4, mininterval=0, file=io.StringIO())
    bar.update(1)
    assert state.share() == 0.25
    bar.update(2)
    assert state.share() == 0.75
    bar.close()
    assert not followed_beside(LOG).exists()


def test_what_a_killed_job_has_said_is_forgotten() -> None:
    follow(LOG, "31 32")
    assert heard(planned(steer=1), started(1, "steer", LOG)).share() == 0


def test_a_failed_job_is_not_done() -> None:
    state = heard(planned(decode=2, report=2), started(1, "decode"), started(2, "decode"), finished(1), failed(2))
    assert state.share() == 0.25
    assert list(state.failed) == [2]


def test_another_attempt_makes_good_for_a_failed_one() -> None:
    records = [planned(decode=2), started(1, "decode"), failed(1), started(1, "decode")]
    again = heard(*records)
    assert not again.failed
    assert again.share() == 0
    assert heard(*records, finished(1)).share() == 0.5
    assert list(heard(*records, failed(1)).failed) == [1]


def test_of_jobs_that_share_a_submission_those_that_failed_are_blamed() -> None:
    def log(rule: str, track: str) -> Path:
        return Path(f"logs/{rule}/{track}.log")

    jobs = [(rule, track) for track in ("broken", "killed") for rule in ("decode", "codes")]
    state = heard(
        planned(decode=2, codes=2),
        *(started(number, rule, log(rule, track), track=track) for number, (rule, track) in enumerate(jobs)),
    )
    log("decode", "broken").parent.mkdir(parents=True)
    log("decode", "broken").write_text("track 'broken'\nerror: no audio\n")
    handler = object.__new__(LogHandler)
    for numbers in ((0, 1), (2, 3)):
        handler.emit(said(LogEvent.GROUP_ERROR, job_error_info=[{"jobid": number} for number in numbers]))
        for number in numbers:
            handler.emit(failed(number))
    assert len(state.failed) == 4
    assert [(job.rule, job.wildcards["track"]) for job in blamed(list(state.failed.values()))] == [
        ("decode", "broken"),
        ("decode", "killed"),
        ("codes", "killed"),
    ]


def test_what_is_wrong_with_the_workflow_as_a_whole_is_kept() -> None:
    state = heard(said(LogEvent.ERROR, "WorkflowError:\nthis and that", exception="WorkflowError"))
    assert state.messages == ["WorkflowError:\nthis and that"]
    assert not state.locked
    assert heard(said(LogEvent.ERROR, "long", exception="LockException")).locked
    assert heard(said(None, "hello"), said(LogEvent.PROGRESS, done=1, total=2)).messages == []


def test_the_time_that_is_left_goes_by_what_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    state = heard(planned(decode=4), started(1, "decode"))
    now = state.began + 60
    monkeypatch.setattr(time, "monotonic", lambda: now)
    assert state.seconds_left() is None
    object.__new__(LogHandler).emit(finished(1))
    assert state.seconds_left() == pytest.approx(180)
    assert re.search(r"25% +3 min left$", drawn(state)[-1])


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3600, "60 min"), (5400, "1.5 h"), (90000, "25.0 h")],
)
def test_times_are_told_in_words(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


# Names.


@pytest.mark.parametrize("name", [SONG, "a', source 'b", 'a", track "b', "\\", "\\'", "日本", "x, run y", "'", "{a}"])
def test_names_are_read_from_the_line_that_a_job_writes(name: str) -> None:
    names = {"run": "default", "track": name, "source": "tag:" + name}
    with told_in_log("job.log", **names):
        pass
    assert names_in(Path("job.log").read_text(encoding="utf-8")) == names
    assert names_in("8 of 32 steps") == {}


def test_names_are_those_of_the_log_then_of_the_plan_then_slugs() -> None:
    wildcards = {"track": slug(SONG), "run": "default"}
    job = RunningJob("steer", wildcards, LOG)
    assert job.names() == wildcards
    plan = {
        "results": "results",
        "logs": "logs",
        "stem_suffix": ".wav",
        "sources_together": True,
        "runs": {"default": {}},
    }
    Path("results").mkdir()
    Path("results/plan.json").write_text(json.dumps({**plan, "tracks": [{"track": SONG, "sources": []}]}))
    assert job.names() == {"track": SONG, "run": "default"}
    follow(LOG, "1 2", {"track": "as logged"})
    assert job.names() == {"track": "as logged"}
    Path("results/plan.json").write_text("{")
    assert true_names(wildcards) == wildcards


def test_the_last_line_of_a_log_says_why_a_job_failed() -> None:
    job = RunningJob("decode", {}, LOG)
    assert job.error() is None
    with pytest.raises(SystemExit), told_in_log(LOG, track=SONG):
        raise UserError("this is wrong: mend it")
    assert job.error() == "this is wrong: mend it"
    LOG.write_text("killed\n")
    assert job.error() is None
    assert RunningJob("decode", {}, None).error() is None


# How it looks.


def test_the_view_has_a_line_for_each_job_and_one_for_all() -> None:
    follow(LOG, "8 32", {"track": SONG, "run": "default"})
    followed = followed_beside(LOG).read_text()
    state = heard(planned(steer=1, decode=3), started(1, "steer", LOG), started(2, "decode", track="other"))
    followed_beside(LOG).write_text(followed)
    assert drawn(state) == [f"{SONG}    separating  25%", "other                      reading", "23%"]


def test_long_names_are_cut_and_more_jobs_are_counted() -> None:
    jobs = [started(number, "decode", track=f"{number}{'x' * 100}") for number in range(20)]
    *lines, more, _ = drawn(heard(planned(decode=20), *jobs))
    assert more == "and 12 more"
    assert len(lines) == live.SHOWN
    assert all(line == f"{number}{'x' * 38}…    reading" for number, line in enumerate(lines))


def test_trouble_is_told() -> None:
    state = heard(planned(decode=2), started(1, "decode"), failed(1))
    assert "1 failed; the others go on" in drawn(state)
    state.interrupted = True
    assert "stopping: jobs keep what they have" in drawn(state)
    assert not any("failed" in line for line in drawn(state))


def test_names_that_look_like_markup_are_shown_as_they_are() -> None:
    assert any("[red]x[/red] [/]" in line for line in drawn(heard(started(1, "decode", track="[red]x[/red] [/]"))))


@contextmanager
def pseudo_terminal() -> Iterator[tuple[int, TextIO]]:
    reader, writer = os.openpty()
    with os.fdopen(writer, "w", encoding="utf-8") as terminal:
        yield reader, terminal
    os.close(reader)


def received(terminal: int) -> str:
    """All that was sent to a terminal, which hands it out in pieces."""
    text = b""
    while select.select([terminal], [], [], 0.2)[0]:
        text += os.read(terminal, 1 << 16)
    return text.decode()


def test_a_terminal_gets_a_picture_that_is_gone_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    state = heard(planned(decode=1), started(1, "decode", track="song"))

    def stop_soon(terminal: TextIO) -> None:
        with shown(state, terminal):
            time.sleep(0.5)
            print("not for the terminal")
            raise KeyboardInterrupt

    with pseudo_terminal() as (reader, terminal):
        with pytest.raises(KeyboardInterrupt):
            stop_soon(terminal)
        text = received(reader)
    assert "song" in text
    assert "reading" in text
    assert "not for" not in text
    assert text.index("\x1b[?25l") < text.index("song") < text.rindex("\x1b[?25h")
    # The last line is erased.
    assert text.endswith("\x1b[2K")


@pytest.mark.parametrize("variable", ["FORCE_COLOR", "CLICOLOR_FORCE", "TTY_COMPATIBLE"])
def test_a_file_gets_plain_lines_when_something_has_changed(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setattr(live, "SECONDS_BETWEEN_LINES", 0.05)
    monkeypatch.setenv(variable, "1")
    state = heard(planned(steer=1, decode=3), started(1, "steer", LOG), started(2, "decode", track="other"))
    follow(LOG, "8 32", {"track": SONG})
    terminal = io.StringIO()
    with shown(state, terminal):
        time.sleep(0.5)
        follow(LOG, "16 32", {"track": SONG})
        time.sleep(0.5)
    first, second = terminal.getvalue().splitlines()
    assert first == f"[0:00:00]  23%  {SONG}: separating 25%, and 1 more"
    assert re.fullmatch(r"\[0:00:0\d\]  45%  .*: separating 50%, and 1 more", second)


def test_a_terminal_that_cannot_move_its_cursor_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "SECONDS_BETWEEN_LINES", 0.05)
    monkeypatch.setenv("TERM", "dumb")
    with pseudo_terminal() as (reader, terminal):
        with shown(heard(planned(decode=1), started(1, "decode", track="song")), terminal):
            time.sleep(0.3)
        assert received(reader) == "[0:00:00]   0%  song: reading\r\n"


def test_nothing_is_written_while_nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "SECONDS_BETWEEN_LINES", 0.01)
    terminal = io.StringIO()
    with shown(heard(), terminal):
        time.sleep(0.1)
    assert terminal.getvalue() == ""


# The terminal itself.


SPEAKING = "import sys; print('child'); print('child too', file=sys.stderr)"


def test_output_goes_to_a_file_and_comes_back_after_an_error(capfd: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        with output_to(Path("logs/all.log")) as terminal:
            os.write(1, b"to the file\n")
            os.write(2, b"errors, too\n")
            subprocess.run([sys.executable, "-c", SPEAKING], check=True)
            print("to the terminal", file=terminal, flush=True)
            raise RuntimeError

    open_before = len(os.listdir("/dev/fd"))
    with pytest.raises(RuntimeError):
        fail()
    assert len(os.listdir("/dev/fd")) == open_before
    subprocess.run([sys.executable, "-c", SPEAKING], check=True)
    out, err = capfd.readouterr()
    assert out == "child\n"
    assert err == "to the terminal\nchild too\n"
    assert Path("logs/all.log").read_text().splitlines() == ["to the file", "errors, too", "child", "child too"]


def test_the_file_is_that_of_the_last_run() -> None:
    for text in (b"a long line of the first run\n", b"second\n"):
        with output_to(Path("logs/all.log")):
            os.write(1, text)
    assert Path("logs/all.log").read_text() == "second\n"


# What it has come to.


def test_messages_of_pages_are_cut(capsys: pytest.CaptureFixture[str]) -> None:
    with output_to(Path("logs/stemsteer.log")):
        pass
    page = "WorkflowError:\n" + "\n".join(map(str, range(100)))
    traceback = "Traceback (most recent call last):\n  File x\nValueError: what is wrong"
    report_outcome(Ended(well=False, messages=[page, traceback]), Path.cwd())
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert lines[:2] == ["WorkflowError:", "0"]
    assert lines[-3:] == [
        "...",
        "ValueError: what is wrong",
        "error: not everything was done; logs/stemsteer.log has all that was said",
    ]
    assert len(lines) < 15
