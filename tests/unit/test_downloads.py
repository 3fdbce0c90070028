"""Downloads against a server on this machine: whole ones, interrupted ones, and two at once."""

import fcntl
import importlib.util
import io
import logging
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import IncompleteRead
from pathlib import Path
from urllib.error import HTTPError

import pytest

from file_server import FileServer, serving
from stemsteer.models.downloads import download, one_at_a_time

CONTENT = bytes(range(256)) * 1000


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    monkeypatch.setenv("no_proxy", "*")
    with serving() as served:
        served.files["weights"] = CONTENT
        yield served


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "weights.part"


def get(server: FileServer, part: Path, name: str = "weights") -> None:
    download(f"{server.address}/{name}", part, "the weights")


@pytest.mark.parametrize("chunked", [False, True])
def test_a_whole_file_comes_at_once(server: FileServer, part: Path, chunked: bool) -> None:
    server.chunked = chunked
    get(server, part)
    assert part.read_bytes() == CONTENT
    assert server.requests == [("weights", None)]


def test_what_was_cut_off_goes_on(server: FileServer, part: Path) -> None:
    server.cut = 100_000
    with pytest.raises((ConnectionError, IncompleteRead)):
        get(server, part)
    assert part.read_bytes() == CONTENT[:100_000]
    with pytest.raises((ConnectionError, IncompleteRead)):
        get(server, part)
    server.cut = None
    get(server, part)
    assert part.read_bytes() == CONTENT
    assert server.requests == [("weights", None), ("weights", "bytes=100000-"), ("weights", "bytes=200000-")]


def test_what_was_cut_off_within_a_chunk_is_an_error(server: FileServer, part: Path) -> None:
    server.chunked, server.cut = True, 100_000
    with pytest.raises(IncompleteRead):
        get(server, part)
    server.cut = None
    get(server, part)
    assert part.read_bytes() == CONTENT


def test_a_server_that_cannot_go_on_starts_again(server: FileServer, part: Path) -> None:
    part.parent.mkdir()
    part.write_bytes(b"something else that is there")
    server.ranges = False
    get(server, part)
    assert part.read_bytes() == CONTENT


def test_a_part_that_is_all_there_is_left_alone(server: FileServer, part: Path) -> None:
    part.parent.mkdir()
    part.write_bytes(CONTENT)
    get(server, part)
    assert part.read_bytes() == CONTENT
    assert server.requests == [("weights", f"bytes={len(CONTENT)}-")]


def test_a_file_that_is_not_there_is_an_error_and_leaves_a_part_as_it_is(server: FileServer, part: Path) -> None:
    part.parent.mkdir()
    part.write_bytes(CONTENT[:5])
    with pytest.raises(HTTPError, match="404"):
        get(server, part, "other")
    assert part.read_bytes() == CONTENT[:5]


def test_progress_is_shown_on_a_terminal(server: FileServer, part: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    part.parent.mkdir()
    part.write_bytes(CONTENT[: len(CONTENT) // 2])
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    get(server, part)
    shown = terminal.getvalue().split("\r")
    assert any("the weights:  50%" in line for line in shown)
    assert "the weights: 100%" in shown[-1]


def test_nothing_is_shown_where_there_is_no_terminal(
    server: FileServer, part: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    get(server, part)
    assert capsys.readouterr() == ("", "")


def test_one_block_at_a_time(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    events: list[str] = []

    def block() -> None:
        with one_at_a_time(tmp_path / "cache" / "lock"):
            events.append("begin")
            time.sleep(0.05)
            events.append("end")

    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(block) for _ in range(3)]:
            done.result()
    assert events == ["begin", "end"] * 3
    assert "waiting for another download to end" in caplog.messages


def test_a_file_system_without_locks_is_used_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_locks(file: object, operation: int) -> None:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    entered = False
    with one_at_a_time(tmp_path / "lock"):
        entered = True
    assert entered


def test_a_system_without_locks_is_used_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fcntl", None)  # so that it cannot be imported
    spec = importlib.util.find_spec("stemsteer.models.downloads")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with module.one_at_a_time(tmp_path / "lock"):
        assert module.fcntl is None
