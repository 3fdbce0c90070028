"""`stemsteer report` writes the listening page of a folder anew."""

import json
import re
import webbrowser
from pathlib import Path

import pytest

from invocation import stemsteer
from report_results import make_results

PAGE = Path("results/report/index.html")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a separation whose last track has failed; its plan has paths relative to it."""
    (tmp_path / "song").mkdir()
    monkeypatch.chdir(tmp_path / "song")
    make_results(Path(), seconds=0.5)
    monkeypatch.chdir(tmp_path)
    return Path("song")


def test_the_page_is_written_over_what_there_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert stemsteer("report", str(folder)) == (f"{folder / PAGE}\n", "")
    assert "Falcon 69" in (folder / PAGE).read_text(encoding="utf-8")
    assert not PAGE.exists()

    (folder / PAGE).unlink()
    monkeypatch.chdir(folder)
    assert stemsteer("report") == (f"{PAGE}\n", "")
    assert PAGE.exists()


def test_the_page_is_opened_when_asked(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    class Browser(webbrowser.BaseBrowser):
        def open(self, url: str, new: int = 0, autoraise: bool = True) -> bool:
            opened.append(url)
            return len(opened) == 1

    monkeypatch.setattr(webbrowser, "_tryorder", ["a"])
    monkeypatch.setattr(webbrowser, "_browsers", {"a": [None, Browser()]})
    stemsteer("report", str(folder), "--open")
    assert opened == [(folder / PAGE).resolve().as_uri()]
    output, errors = stemsteer("report", str(folder), "--open", status=1)
    assert output == f"{folder / PAGE}\n"
    assert errors == "error: no browser is found on this machine; open 'song/results/report/index.html' in one\n"


@pytest.mark.parametrize("place", ["empty", "nowhere"])
def test_a_folder_without_a_plan_is_told(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    assert stemsteer("report", place, status=1)[1] == (
        f"error: there is no '{place}/results/plan.json', so nothing has been separated there: give the folder "
        "in which you ran StemSteer, or separate first\n"
    )


def test_a_damaged_plan_is_told(folder: Path) -> None:
    (folder / "results/plan.json").write_text(json.dumps({"results": "results"}), encoding="utf-8")
    assert "lacks the key 'logs'" in stemsteer("report", str(folder), status=1)[1]


def test_a_folder_that_cannot_be_written_to_is_told(folder: Path) -> None:
    (folder / "results/report").write_text("a file where the folder has to be", encoding="utf-8")
    errors = stemsteer("report", str(folder), status=1)[1]
    assert re.fullmatch(
        r"error: .*'results/report/.*'; check the path, or use a folder that you may write to\n", errors
    )
