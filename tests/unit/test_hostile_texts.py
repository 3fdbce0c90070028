"""What comes out of files and from users is text, whatever it looks like: in the report, in logs and on terminals."""

import csv
import json
import logging
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from light_reports import write_light_report
from nasty_texts import NASTY_NAMES, NASTY_TEXTS
from report_results import make_results
from stemsteer.errors import UserError, names_in, told_in_log
from stemsteer.exports.names import file_names
from stemsteer.files import read_json, write_json
from stemsteer.names import as_name, is_name, slug
from stemsteer.report.ending import ending
from stemsteer.report.page import as_json
from stemsteer.report.written_plan import WrittenPlan

PLAIN = [f"Song {number}" for number in range(len(NASTY_TEXTS))]
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Structure(HTMLParser):
    """What a page is made of, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: Counter[tuple[str, ...]] = Counter()
        self.text: list[str] = []
        self.data = ""
        self._in_data = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag, *sorted(name for name, _ in attrs)] += 1
        self._in_data = ("id", "data") in attrs

    def handle_comment(self, data: str) -> None:
        self.elements["comment", data] += 1

    def handle_data(self, data: str) -> None:
        self.text.append(data)
        if self._in_data:
            self.data += data
            self._in_data = False


def written(folder: Path, names: list[str], texts: list[str]) -> Path:
    """The folder of a report of tracks with these names, about whose files these texts are known."""
    plan = make_results(folder, 0.05, runs=(names[0],), tracks=names, sources=("drums",))
    for name, text in zip(names, texts, strict=True):
        place = folder / "results/audio" / slug(name) / "facts.json"
        facts: dict[str, Any] = {"codec": text, "tags": {text: text}, "warnings": [text]}
        write_json(place, {**read_json(place), **facts})
        place = folder / "results/runs" / slug(names[0]) / "stems" / slug(name) / "drums.json"
        write_json(place, {**read_json(place), "warning": text, "mixture": {**facts, "path": text}})
    (folder / "logs/decode" / f"{slug('Broken song')}.log").write_text(f"error: {texts[0]}\n")
    content = read_json(plan)
    write_json(plan, {**content, "notes": texts[:5]})
    write_light_report(plan, folder / "results/report/index.html")
    return folder / "results/report"


def parsed(report: Path) -> tuple[Structure, list[Structure]]:
    """A page, and the parts of its tracks."""
    page = Structure((report / "index.html").read_text(encoding="utf-8"))
    parts = []
    for script in sorted((report / "tracks").iterdir(), key=lambda path: int(path.stem.split("-")[1])):
        text = script.read_text(encoding="utf-8")
        call = re.fullmatch(r"showTrack\((.*)\);\n", text)
        assert call
        anchor, html = json.loads(f"[{call[1]}]")
        assert anchor == script.stem
        parts.append(Structure(html))
    return page, parts


def test_a_report_of_nasty_texts_is_made_as_one_of_plain_ones(tmp_path: Path) -> None:
    names = [as_name(text) for text in NASTY_TEXTS]
    nasty, nasty_parts = parsed(written(tmp_path / "nasty", names, NASTY_TEXTS))
    plain, plain_parts = parsed(written(tmp_path / "plain", PLAIN, PLAIN))
    assert nasty.elements == plain.elements
    assert [part.elements for part in nasty_parts] == [part.elements for part in plain_parts]
    text = "".join(nasty.text)
    assert all(name in text for name in names)
    assert [place[0] for place in json.loads(nasty.data)["places"]][:-1] == names
    assert not any(name in text for name in PLAIN)
    assert not (tmp_path.parent / "pwned").exists()


@given(st.lists(st.text(min_size=1), min_size=1, max_size=3).map(lambda texts: [*dict.fromkeys(map(as_name, texts))]))
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
def test_a_report_of_any_texts_is_made_alike(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    page, parts = parsed(written(tmp_path_factory.mktemp("any"), names, names))
    assert len(parts) == len(names) + 1
    assert [place[0] for place in json.loads(page.data)["places"]][:-1] == names
    assert page.elements["script",] == 1
    assert not any(element for element in page.elements if any(name.startswith("on") for name in element[1:]))


@pytest.mark.parametrize("text", NASTY_TEXTS)
def test_json_in_a_page_ends_no_element(text: str) -> None:
    assert json.loads(as_json({text: [text]})) == {text: [text]}
    assert "<" not in as_json({text: [text]})


@given(st.text() | st.sampled_from(NASTY_TEXTS))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_log_has_no_control_characters_and_tells_the_true_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    with told_in_log(tmp_path / "job.log", track=text, source=text):
        logging.info("%s", text)
        logging.info(f"{text}")
    logged = (tmp_path / "job.log").read_text(encoding="utf-8")
    assert not CONTROL.search(logged)
    assert not CONTROL.search(capsys.readouterr().err)
    assert names_in(logged.partition("\n")[0]) == {"track": text, "source": text}


def test_a_name_that_is_no_unicode_can_be_logged(tmp_path: Path) -> None:
    with told_in_log(tmp_path / "job.log", track="caf\udce9"):
        logging.info("caf\udce9")
    assert (tmp_path / "job.log").read_text(encoding="utf-8") == "track 'caf\\udce9'\ncaf\\udce9\n"


def test_the_end_of_a_failed_run_has_no_control_characters(tmp_path: Path) -> None:
    names = [as_name(text) for text in NASTY_TEXTS]
    plan = make_results(tmp_path, 0.01, tracks=names[:1], sources=("drums",))
    content = read_json(plan)
    tracks = [{**content["tracks"][0], "track": name} for name in names]
    for name, text in zip(names, NASTY_TEXTS, strict=True):
        with pytest.raises(SystemExit), told_in_log(tmp_path / "logs/decode" / f"{slug(name)}.log", track=name):
            raise UserError(text)
    lines = list(ending(WrittenPlan.of({**content, "tracks": tracks}), 0, "stems", Path("none")))
    assert lines[-2:] == [f"and {len(names) - 1 - 20} more", f"1 of {len(names)} stems are there, in stems"]
    assert len(lines) == 22
    assert all(not CONTROL.search(line) and "\n" not in line for line in lines)


def test_exported_files_lie_side_by_side(tmp_path: Path) -> None:
    names = [as_name(text) for text in NASTY_TEXTS]
    files = file_names(names)
    assert len({file.casefold() for file in files.values()}) == len(names)
    for file in files.values():
        (tmp_path / f"{file}.wav").touch()
        assert (tmp_path / f"{file}.wav").parent == tmp_path
        assert not (tmp_path / file).is_symlink()
    assert len(list(tmp_path.iterdir())) == len(names)


def test_nasty_names_are_names(tmp_path: Path) -> None:
    """A table with them is read as it was written."""
    assert [name for name in NASTY_NAMES if not is_name(name.strip())] == []
    table = tmp_path / "table.tsv"
    with table.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, dialect="excel-tab").writerows([name] for name in NASTY_NAMES)
    with table.open(encoding="utf-8", newline="") as file:
        assert [row[0] for row in csv.reader(file, dialect="excel-tab")] == NASTY_NAMES
