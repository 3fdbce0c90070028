"""Pictures of the scores: what they hold is where the figures are, for every run, source and baseline."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from report_results import BASELINES, make_results
from stemsteer.report.distributions import DISTRIBUTIONS, compared, draw_distribution, figures_of
from stemsteer.report.files import read_table
from stemsteer.report.written_plan import WrittenPlan
from stemsteer.stages.figures import draw_figures


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("scored")
    make_results(folder, seconds=0.05, runs=("one", "two"))
    return folder / "results"


def test_stems_and_baselines_are_compared_not_other_parts(results):
    assert compared(WrittenPlan.read(results / "plan.json")) == [
        ("one", "masked"),
        ("two", "masked"),
        *((name, "") for name in BASELINES),
    ]


def test_a_row_holds_the_defined_figures_of_all_tracks(results):
    scores = read_table(results / "scores.tsv")
    # By the fixture's rule: 1.61 dB, and 1 dB more on the second track; each run is 0.5 dB worse.
    drums = [figures_of(scores, "drums", *run, "si_sdr_improvement_db") for run in (("one", "masked"), ("hpss", ""))]
    assert [sorted(values) for values in drums] == [pytest.approx([1.61, 2.61]), pytest.approx([0.11, 1.11])]
    assert len(figures_of(scores, "drums", "silence", "", "level_db")) == 0


def test_figures_against_a_doubtful_reference_are_not_drawn(results):
    scores = read_table(results / "scores.tsv")
    first = scores[0]["track"]
    doubted = [{**row, "reference": "doubtful" if row["track"] == first else "moved"} for row in scores]
    assert len(figures_of(doubted, "drums", "one", "masked", "si_sdr_improvement_db")) == 1


def test_the_pictures_are_the_same_bytes_every_time(results, tmp_path):
    plan = results / "plan.json"
    for name in ("first", "second"):
        draw_figures(plan, results / "scores.tsv", folder_out=tmp_path / name)
    pictures = [path.name for path in sorted((tmp_path / "first").iterdir())]
    assert pictures == sorted(f"{distribution.name}.svg" for distribution in DISTRIBUTIONS)
    for name in pictures:
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()


def test_nothing_is_painted_behind_a_picture(results, tmp_path):
    draw_figures(results / "plan.json", results / "scores.tsv", folder_out=tmp_path)
    # Ink on light and on dark paper: white or black would vanish on one of them.
    colours = set(re.findall(r"#[0-9a-f]{6}", (tmp_path / "distributions.svg").read_text()))
    assert colours
    assert not {"#ffffff", "#000000"} & colours


def test_a_picture_of_no_scores_says_so(results, tmp_path):
    draw_distribution(DISTRIBUTIONS[0], WrittenPlan.read(results / "plan.json"), [], tmp_path / "none.svg")
    assert "No score is defined" in (tmp_path / "none.svg").read_text()


def test_a_name_is_never_taken_for_a_formula(results, tmp_path):
    name = "pays $_$"
    scores = [{"run": name, "source": "drums", "estimate": "", "si_sdr_improvement_db": "1"}]
    plan = replace(WrittenPlan.read(results / "plan.json"), baselines=[name])
    draw_distribution(DISTRIBUTIONS[0], plan, scores, tmp_path / "odd.svg")
    assert f"<!-- {name} -->" in (tmp_path / "odd.svg").read_text()
