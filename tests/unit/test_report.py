"""The report's HTML: links, names as text, what it says when something is missing, and its tables as data."""

import json
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

from report_results import BASELINES, DECODE_ERROR, ODD_NAME, SILENCE_WARNING, collect, make_results
from stemsteer import METHOD_VERSION
from stemsteer.files import write_json
from stemsteer.names import slug
from stemsteer.report import write_report
from stemsteer.report.page import as_json, format_value
from stemsteer.report.views import TrackView, format_length
from stemsteer.stages.figures import draw_figures

ROOT = Path(__file__).resolve().parents[2]
VOID = {"meta", "link", "img", "input"}


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """Results of two runs on two tracks and a broken one, with their report; tests only read them."""
    folder = tmp_path_factory.mktemp("finished")
    plan = make_results(folder, seconds=0.5, runs=("one", "two"))
    draw_figures(plan, folder / "results/scores.tsv", folder_out=folder / "results/figures")
    write_report(plan, folder / "results/report/index.html")
    return folder


def report(folder: Path) -> str:
    """The text of a report, written over what there is."""
    write_report(folder / "results/plan.json", folder / "results/report/index.html")
    return " ".join(" ".join(outline(folder).text).split())


class Outline(HTMLParser):
    """The links, ids and text of a page; fails on tags that are not closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.tags: list[str] = []
        self.text: list[str] = []
        self.attributes: list[dict[str, str | None]] = []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.tags.append(tag)
        self.attributes.append(values)
        self.links += [values[key] for key in ("src", "href") if values.get(key)]
        self.ids += [values["id"]] if "id" in values else []
        if tag not in VOID and not self.get_starttag_text().endswith("/>"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in ("path",):
            assert self.open.pop() == tag, f"line {self.getpos()[0]}: </{tag}>"

    def handle_data(self, data):
        if not {"style", "script"} & set(self.open):
            self.text.append(data)


def tracks(folder: Path) -> dict[str, str]:
    """The HTML of all tracks that were not opened yet, by id."""
    scripts = (folder / "results/report/tracks").iterdir()
    calls = [re.fullmatch(r"showTrack\((.*)\);\n", script.read_text(encoding="utf-8"))[1] for script in scripts]
    return dict(json.loads(f"[{arguments}]") for arguments in calls)


def outline(folder: Path) -> Outline:
    """Of the page, with every track opened."""
    page = (folder / "results/report/index.html").read_text(encoding="utf-8")
    return Outline(page.replace("</main>", "".join(tracks(folder).values()) + "</main>"))


def data(folder: Path) -> dict:
    """What the page's script makes tables of."""
    page = (folder / "results/report/index.html").read_text(encoding="utf-8")
    return json.loads(re.search(r'<script type="application/json" id="data">(.*)</script>', page)[1])


def test_all_links_lead_to_files_beside_the_page_or_places_on_it(finished):
    page = outline(finished)
    files = [link for link in page.links if not link.startswith(("#", "data:"))]
    assert len(files) == len([tag for tag in page.tags if tag in ("img", "audio")]) > 40
    folder = finished / "results/report"
    for link in files:
        assert (folder / unquote(link)).is_file(), link
        assert (folder / unquote(link)).resolve().is_relative_to(folder.resolve())
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))


def test_every_track_has_an_own_part_with_an_address_for_each_stem(finished):
    assert set(tracks(finished)) == {"track-1", "track-2", "track-3"}
    ids = outline(finished).ids
    for number in (1, 2, 3):
        stems = {f"track-{number}-{source}-{run}" for source in (1, 2) for run in (1, 2)}
        assert {f"track-{number}", *stems} <= set(ids)


def test_names_and_messages_are_text_never_markup(finished):
    page = outline(finished)
    assert ODD_NAME in [text.strip() for text in page.text]
    assert DECODE_ERROR in [text.strip() for text in page.text]
    assert "song" not in page.tags
    assert page.tags.count("b") == 2 * 2 * 2 * 2  # the four figures of each scored stem


def test_a_name_cannot_end_the_data_within_the_page():
    text = as_json(["</script><b>", "ü"])
    assert "<" not in text
    assert json.loads(text) == ["</script><b>", "ü"]


def test_the_page_carries_all_tables(finished):
    carried = data(finished)
    assert list(carried["runs"].items()) == [("one", "masked"), ("two", "masked")]
    assert carried["baselines"] == list(BASELINES)
    assert carried["places"][1] == [ODD_NAME, ["drums", "vocals"]]
    scores = carried["scores"]["cells"]
    assert len(scores["si_sdr_db"]) == 2 * (2 * 2 + len(BASELINES) + 2)
    silence = [row for row, name in enumerate(scores["run"]["rows"]) if scores["run"]["names"][name] == "silence"]
    assert {(scores["si_sdr_db"][row], scores["level_db"][row]) for row in silence} == {(None, "-Infinity")}
    assert {scores["warning"]["names"][scores["warning"]["rows"][row]] for row in silence} == {SILENCE_WARNING}
    assert len(carried["summary"]["cells"]["tracks"]) == 2 * 8
    assert set(carried["comparisons"]["cells"]["against"]["names"]) == {"two", "mixture", "silence", *BASELINES}
    assert carried["tracks"]["cells"]["sample_rate"] == [44_100, 44_100, None]
    assert carried["tracks"]["cells"]["start_s"] == [0, 0, None]


def test_the_page_says_where_the_stems_come_from(finished):
    text = " ".join(" ".join(outline(finished).text).split())
    assert f"version {METHOD_VERSION} of its method" in text
    for words in (
        "Judge MSD_musicnn, weights 8579734ee6",
        "Weights of embedded 6f1c0",
        "Weights of MTT_musicnn 93ab0",
        "Version of torch",
        "Version of demucs 4.1.0",
        "Weights of hpss, small.th d3e00",
        "Scored with python 3.11.2, museval 0.4.1",
    ):
        assert words in text
    assert "Version of museval" not in text


def test_what_scored_is_told_as_far_as_it_was_written_down(results):
    record = results / "results/runs/demo/scores/song/drums.json"
    record.write_text('{"versions": {"python": "3.13.1", "museval": "0.4.0"}}')
    text = report(results)
    assert "python 3.11.2, museval 0.4.1 (2 stems)" in text
    assert "python 3.13.1, museval 0.4.0 (1 stem)" in text
    for path in (results / "results/runs").rglob("*/drums.json"):
        path.unlink()
    assert "Scored with" not in report(results)


def test_every_picture_has_words(finished):
    words = [values["alt"] for values in outline(finished).attributes if "alt" in values]
    assert "Spectrogram: Reference" in words
    assert any(text.startswith("Loss by step, mean of 3 chunks: 0.1") and "at step 40" in text for text in words)
    assert "SI-SDR improvement (dB), by source, run and track" in words


def change_record(folder: Path, **changes: object) -> None:
    """Change what the records of the drums say of their steering."""
    stem, estimate = (folder / f"results/runs/demo/{kind}/song/drums.json" for kind in ("stems", "estimates"))
    steering = json.loads(estimate.read_text()) | changes
    estimate.write_text(json.dumps(steering))
    stem.write_text(json.dumps(json.loads(stem.read_text()) | {"ascent": steering}))


def test_what_the_taggers_heard_is_told_in_figures(results):
    parts = [{"hz": 80.0, "level_db": 0.0, "gain": 0.9}]
    heard = {"target_probability_before": 0.1034, "target_probability_after": 0.45, "target_probability_rest": 0.0}
    change_record(results, presence=0.875, chunks=[{"chunk": 0, "parts": parts}], **heard)
    history = results / "results/runs/demo/estimates/song/drums.history.tsv"
    history.write_text("chunk\tstep\tloss\ttarget_probability\n0\t0\t2.3\t0.1034\n0\t48\t0.8\t0.45\n")
    text = report(results)
    assert "What the taggers hear of drums: tag probability Mixture 0.103 Steered 0.450 What is left over 0.000" in text
    assert "The source is in the mixture with a probability of 0.88." in text
    assert "level_db" not in text
    # The other stem was steered by gradients: it has curves, and nothing was left over.
    captions = ("What the taggers hear", "What is left over", "Parts taken", "Mean spectrum")
    assert [text.count(caption) for caption in captions] == [2, 1, 1, 2]
    words = [values.get("alt") or "" for values in outline(results).attributes]
    assert len([alt for alt in words if alt.startswith("Loss by step")]) == 1


def test_sources_that_are_not_heard_are_told_beside_their_stems_and_counted(results):
    assert "not hear" not in report(results)
    stem = results / "results/runs/demo/stems/song/drums.json"
    warning = "the taggers do not hear drums in this mixture; the stem may hold other sources"
    stem.write_text(json.dumps(json.loads(stem.read_text()) | {"warning": warning}))
    text = report(results)
    assert f"Run demo {warning}" in text
    assert "The taggers do not hear the source of 1 stem" in text
    assert text.count("drums not heard") == 1


def test_doubtful_references_are_told_where_scores_stand(results):
    tracks = collect(results).tracks
    findings = {
        "drums": ("is 500 samples (11 ms) late, which is the delay of no known codec", True),
        "vocals": ("was 1,105 samples (25 ms) late, as mp3 without LAME's tag is, and was moved", False),
    }
    folder = results / "results/audio" / slug(tracks[0].name) / "references"
    for source, (finding, doubtful) in findings.items():
        write_json(folder / f"{source}.json", {"path": "", "finding": finding, "doubtful": doubtful})
    text = report(results)
    assert "Doubtful 1 reference" in text
    assert "1 reference of 2 is doubtful." in text
    assert f"{tracks[0].name} / drums : the reference {findings['drums'][0]}." in text
    assert "reference of drums doubtful" in text
    opened = (results / "results/report/tracks/track-1.js").read_text(encoding="utf-8")
    assert f"The reference {findings['drums'][0]}. The scores of drums mean nothing here" in opened
    assert "LAME&#39;s tag is, and was moved.\\u003c/p>" in opened
    assert "The scores of vocals mean nothing" not in opened


def test_nothing_is_loaded_before_it_is_looked_at(finished):
    page = outline(finished)
    media = [values for tag, values in zip(page.tags, page.attributes, strict=True) if tag in ("img", "audio")]
    assert all(values.get("loading") == "lazy" or values.get("preload") == "none" for values in media)


def test_the_report_is_written_when_nothing_exists(tmp_path):
    plan = make_results(tmp_path, seconds=0.1)
    content = plan.read_text()
    shutil.rmtree(tmp_path / "results")
    shutil.rmtree(tmp_path / "logs")
    plan.parent.mkdir()
    plan.write_text(content)
    text = report(tmp_path)
    assert "0 of 6 stems from 3 tracks" in text
    assert "3 jobs did not finish" in text
    assert "No scores" in text


def test_scores_without_a_summary_say_so(results):
    for name in ("summary", "comparisons"):
        (results / f"results/{name}.tsv").unlink()
    text = report(results)
    assert "There is no summary:" in text
    assert "summary.tsv was not written" in text
    assert "Run against run" not in text
    assert "All scores" in text


def test_without_a_judge_its_columns_are_left_out(results):
    plan = results / "results/plan.json"
    plan.write_text(json.dumps({**json.loads(plan.read_text()), "judges": []}))
    text = report(results)
    assert "Tag probability" not in text
    assert "tag_probability" not in data(results)["scores"]["cells"]


def test_by_hand_as_after_a_failure(results):
    script = [sys.executable, str(ROOT / "scripts/report.py")]
    page = results / "results/report/index.html"
    subprocess.run([*script, str(results / "results/plan.json"), str(page)], check=True)
    assert page.is_file()
    wrong = subprocess.run([*script, "nowhere.json", str(page)], check=False, capture_output=True, text=True)
    assert wrong.returncode == 1
    assert wrong.stderr == "error: nowhere.json: there is no such plan; the workflow writes it before its first job.\n"


def test_facts_in_words():
    assert [format_value(value) for value in (True, None, 0.5, 1e-7, 3, "a")] == ["yes", "–", "0.5", "1e-07", "3", "a"]
    assert [format_length(seconds) for seconds in (0.2, 59.94, 204.9)] == ["0.2 s", "59.9 s", "3:24 min"]


def test_facts_of_a_track_are_listed_as_far_as_known(finished):
    track = collect(finished).tracks[0]
    assert TrackView(track, "", 1.0, []).described == ["0.5 s", "44.1 kHz", "stereo", "16 bit", "pcm_s16le"]
    track.facts = {"channels": 6, "start_s": 12.0, "silent": True}
    assert TrackView(track, "", 1.0, []).described == ["from 12.0 s", "6 channels", "silent"]
