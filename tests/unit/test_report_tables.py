"""The report's tables: how figures are printed, and how rows are packed for the page."""

import pytest

from report_results import SCORES as WRITTEN
from report_results import SUMMARISED
from stemsteer.metrics import COLUMNS
from stemsteer.report.tables import SCORES, SUMMARY, Column, format_number, packed, score_columns, text


@pytest.mark.parametrize(
    ("cell", "signed", "text"),
    [
        ("-1.234", False, "−1.23"),
        ("1.5", True, "+1.50"),
        ("-0.001", True, "0.00"),
        ("-inf", False, "−∞"),
        ("inf", True, "+∞"),
        ("nan", False, "–"),
        ("", True, "–"),
        (None, False, "–"),
    ],
)
def test_figures_in_cells(cell, signed, text):
    assert format_number(cell, signed=signed) == text


def test_all_columns_of_the_score_table_are_shown():
    shown = [column.key for column in SCORES]
    assert sorted(shown) == sorted(WRITTEN)
    assert set(COLUMNS) <= set(shown)


def test_the_summary_has_four_statistics_of_each_figure():
    keys = {column.key for column in SUMMARY}
    assert {f"{key}_{name}" for key in SUMMARISED for name in ("mean", "median", "low", "high")} < keys


def test_rows_are_packed_column_by_column():
    rows = [{"run": "b", "x": "1.23456"}, {"run": "a", "x": "nan"}, {"run": "b", "x": "-inf"}, {"run": "b"}]
    assert packed(rows, [text("run", "Run"), Column("x", "X")]) == {
        "run": {"names": ["b", "a"], "rows": [0, 1, 0, 0]},
        "x": [1.2346, None, "-Infinity", None],
    }


def test_columns_that_nothing_fills_are_left_out():
    all_of_them = {column.key for column in score_columns([{"warning": "silent"}], judged=True)}
    needed = {column.key for column in score_columns([{"warning": ""}], judged=False)}
    assert all_of_them - needed == {"tag_probability", "tag_probability_change", "warning"}
